#!/bin/sh
# Makes the certificate of a compose system's edge, and an authority of its own that signs it:
# `certificate.sh FOLDER CA_FILE NAME...`. Both are kept while they are good.
set -eu
folder=$1 ca_file=$2
shift 2

# The authority's key is in memory alone, and gone when this ends: nobody can sign by it again.
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
umask 077

ec_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }

# The edge's alone: root can write a file of its own and give it away, not open one that is given away.
give() {
    cp "$1" "$2.new"
    chown 10001:10001 "$2.new"
    mv -f "$2.new" "$2"
}

make() {
    names=
    for name; do
        case $name in
        *[!0-9.]*) names="$names,DNS:$name" ;;
        *) names="$names,IP:$name" ;;
        esac
    done
    cat >"$work/leaf.cnf" <<EOF
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = ${names#,}
EOF
    ec_key "$work/ca.key"
    openssl req -x509 -new -key "$work/ca.key" -days 800 -subj "/O=KeyArc/CN=KeyArc of one compose system" \
        -addext "basicConstraints = critical, CA:TRUE, pathlen:0" \
        -addext "keyUsage = critical, keyCertSign" -out "$work/ca.pem"
    ec_key "$work/key.pem"
    openssl req -new -key "$work/key.pem" -subj "/O=KeyArc/CN=$1" |
        openssl x509 -req -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 800 \
            -extfile "$work/leaf.cnf" -out "$work/certificate.pem"
    give "$work/key.pem" "$folder/key.pem"
    give "$work/ca.pem" "$folder/ca.pem"
    give "$work/certificate.pem" "$folder/certificate.pem" # the last: with it, all is there
}

month_s=2592000
if openssl x509 -checkend "$month_s" -noout -in "$folder/certificate.pem" >/dev/null 2>&1; then
    echo "the certificate is good for a month or more"
else
    make "$@"
    echo "made a certificate; an edge that runs already needs a restart"
fi

# For clients on the host, in a folder of theirs, and so the file too.
rm -f "$ca_file"
(umask 022 && cat "$folder/ca.pem" >"$ca_file")
chown "$(stat -c %u:%g "$(dirname "$ca_file")")" "$ca_file"
