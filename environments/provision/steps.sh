# shellcheck shell=bash
# The steps of `provision.sh`. Each looks first, and makes only what is missing.
# shellcheck disable=SC2154,SC2004 # provision.sh sets what is used here, and says which have names as keys

storage_gb=10
postgres_version=16
# CONTRACT.md: which services need which secret besides.
database_services=(auth account keys)
declare -A holders=([JWT_SECRET]="auth gateway" [INTERNAL_TOKEN]="gateway account keys")

make_apps() {
    local there service
    there=$(look apps list --org "$org" -- Name)
    for service in "${services[@]}"; do
        has "$there" "${app[$service]}" ||
            change "app ${app[$service]}" apps create "${app[$service]}" --org "$org"
    done
}

# Before the first deployment, which would give an app without any address public ones.
make_addresses() {
    local service there kinds
    for service in "${services[@]}"; do
        there=$(look ips list --app "${app[$service]}" -- Type Address)
        kinds=$(cut -f1 <<<"$there")
        if [ "${visibility[$service]}" = private ]; then
            has "$kinds" private_v6 || change "private address for ${app[$service]}" \
                ips allocate-v6 --private --app "${app[$service]}"
            take_public_addresses "${app[$service]}" "$there"
        else
            has "$kinds" v6 || change "IPv6 address for ${app[$service]}" \
                ips allocate-v6 --app "${app[$service]}"
            has "$kinds" v4 || has "$kinds" shared_v4 ||
                change "shared IPv4 address for ${app[$service]}" \
                    ips allocate-v4 --shared --app "${app[$service]}"
        fi
    done
}

# The one thing that is taken away: a private app with a public address is open to everybody.
take_public_addresses() {
    local kind address
    while IFS=$'\t' read -r kind address; do
        case $kind in
        v4 | shared_v4 | v6)
            change "no public address for $1: $address" ips release "$address" --app "$1"
            ;;
        esac
    done <<<"$2"
}

make_database() {
    local cluster=${app[auth]/auth/postgres} found id state service made=
    found=$(database "$cluster")
    if [ -z "$found" ]; then
        made=yes
        change "PostgreSQL $cluster, $storage_gb GB; this takes minutes" \
            mpg create --name "$cluster" --org "$org" --region "$region" --plan "$plan" \
            --volume-size "$storage_gb" --pg-major-version "$postgres_version"
        found=$(database "$cluster")
    fi
    IFS=$'\t' read -r id state <<<"${found:-"ID-OF-$cluster"$'\t'ready}"
    [ "$state" = ready ] || give_up "PostgreSQL $cluster is $state: run this again once it is ready"
    for service in "${database_services[@]}"; do
        has "${secrets[$service]}" DATABASE_URL || change "database for ${app[$service]}" \
            mpg attach "$id" --app "${app[$service]}"
    done
    [ -n "$made" ] || look_for_backup "$cluster" "$id"
}

# The id and the state of a cluster.
database() {
    local there
    there=$(look mpg list --org "$org" -- name id status)
    awk -F'\t' -v OFS='\t' -v name="$1" '$1 == name { print $2, $3; exit }' <<<"$there"
}

look_for_backup() {
    local recent
    # flyctl lists those of the last 24 hours.
    recent=$(look mpg backup list "$2" -- start status)
    [ -n "$recent$dry_run" ] || say "warning: $1 has no backup of the last 24 hours"
}

look_for_secrets() {
    local service
    for service in "${services[@]}"; do
        secrets[$service]=$(look secrets list --app "${app[$service]}" -- name)
    done
}

# One value for all who share a secret. What is set is left so: it cannot be read, only replaced.
make_secret() {
    local name=$1 service with=() without=() value
    for service in ${holders[$name]}; do
        if [ "$rotate" != "$name" ] && has "${secrets[$service]}" "$name"; then
            with+=("${app[$service]}")
        else
            without+=("${app[$service]}")
        fi
    done
    ((${#without[@]})) || return 0
    ((!${#with[@]})) || give_up "$name is set in ${with[*]}, not in ${without[*]}, and nobody can read" \
        "it there: --rotate $name gives all of them a new one"
    local -
    set +x
    value=$("$python" -IS -c 'import secrets; print(secrets.token_urlsafe(48))')
    for service in "${without[@]}"; do
        give_secret "$service" "$name" "$value"
    done
}

make_certificates() {
    local service host there
    for service in "${services[@]}"; do
        [ -n "${hosts[$service]:-}" ] || continue
        there=$(look certs list --app "${app[$service]}" -- hostname)
        for host in ${hosts[$service]}; do
            has "$there" "$host" ||
                change "certificate for $host" certs add "$host" --app "${app[$service]}"
        done
    done
}

# What is to be set where the domain is kept; Fly tells it for each name.
tell_records() {
    local service host found ready ipv4 ipv6
    [ -z "$dry_run" ] || return 0
    printf 'DNS records:\n'
    for service in "${services[@]}"; do
        for host in ${hosts[$service]:-}; do
            found=$(look certs check "$host" --app "${app[$service]}" \
                -- configured dns_requirements.a dns_requirements.aaaa)
            IFS=$'\t' read -r ready ipv4 ipv6 <<<"$found"
            if [ "$ready" = True ]; then ready="certificate issued"; else ready="to be set"; fi
            printf '  %-26s A     %-24s %s\n' "$host" "$ipv4" "$ready"
            printf '  %-26s AAAA  %-24s %s\n' "$host" "$ipv6" "$ready"
        done
    done
}
