#!/usr/bin/env bash
# Deploys a release to an environment, by the platform that its file declares. Whether it may stay is
# for the gate to say, which comes after it: docs/deploying.md.
set -euo pipefail
shopt -s inherit_errexit

usage() {
    cat <<'END'
environments/deploy.sh --env NAME --release ID [OPTION...]

  --env NAME      an environment: environments/NAME.yaml, or a file
  --release ID    what every service will report; the full commit id in a pipeline
  --images FILE   {"auth": "ghcr.io/o/keyarc-auth@sha256:...", ...}: needed on Fly, by digest alone;
                  with compose they are built unless given
  --from DIR      where the platform is a stack of this machine, which has to be up: what is deployed
  --dry-run       print the commands; call nobody

Ends with 0 when it is done, 2 when nothing was touched (called wrongly, an image is missing, nobody
is logged in), 20 when it failed after it was begun: what runs then may be half of each release.
END
}

say() { printf 'deploy: %s\n' "$*" >&2; }
refuse() {
    say "$*; nothing was touched"
    [ -z "$interrupted" ] || exit 130
    exit 2
}
# It was begun, and is not all there.
give_up() {
    say "$*"
    say "this brings nothing back; what looks at it, and does:" \
        "keyarc-verify gate --env $name --release $release --rollback"
    [ -z "$interrupted" ] || exit 130
    exit 20
}
stop_if_interrupted() { [ -z "$interrupted" ] || refuse interrupted; }

# A command as a shell would take it.
show() {
    printf '%q' "$1"
    printf ' %q' "${@:2}"
    printf '\n'
}
# Runs a command, or shows it. What it prints is progress.
run() {
    if [ -n "$dry_run" ]; then
        show "$@"
    else
        "$@" </dev/null >&2
    fi
}
# The ledger knows of a deploy before it begins: no gate that is older takes it away.
note() {
    run "$verify" release deployed "$release" --env "$name" || refuse "the ledger cannot be written"
    stop_if_interrupted
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
name='' release='' images='' from='' dry_run='' interrupted=''
while (($#)); do
    case $1 in
    --env | --release | --images | --from)
        [ -n "${2:-}" ] || refuse "$1 needs a value after it"
        case $1 in
        --env) name=$2 ;;
        --release) release=$2 ;;
        --images) images=$2 ;;
        --from) from=$2 ;;
        esac
        shift
        ;;
    --dry-run) dry_run=yes ;;
    --help | -h)
        usage
        exit
        ;;
    *) refuse "unknown argument $1; --help tells those that there are" ;;
    esac
    shift
done
[ -n "$name" ] || refuse "--env is missing"
[ -n "$release" ] || refuse "--release is missing"
[[ $release =~ ^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$ ]] ||
    refuse "--release: letters, digits and . _ + - are meant, a letter or a digit first"

. "$here/deploy/fly.sh"
. "$here/deploy/compose.sh"

bin=${here%/*}/.venv/bin
verify=${KEYARC_VERIFY:-$bin/keyarc-verify} python=$bin/python
[ -x "$verify" ] || verify=keyarc-verify
[ -x "$python" ] || python=python3
export CI=1 NO_COLOR=1

# Where paths of the environment file begin: that of a file, else as keyarc-verify finds a name.
folder=$here
case $name in
*.yaml | *.yml) folder=$(dirname "$name") ;;
*) [ ! -f "environments/$name.yaml" ] || folder=environments ;;
esac
declared=$("$verify" env show "$name" --format json) || refuse "the environment $name cannot be read"
plan=$("$python" -IS "$here/deploy/plan.py" "$folder" ${images:+"$images"} <<<"$declared") ||
    refuse "this cannot be deployed"
platform=$(sed -n 's/^platform\t//p' <<<"$plan")
[ -z "$from" ] || [ "$platform" = local ] || refuse "--from is for stacks of this machine; here: --images"

# What is under way is ended first: half of an operation is worse than all of it.
trap 'interrupted=yes' INT TERM

case $platform in
local)
    words=("$verify" deploy --env "$name" --release "$release" ${from:+--from "$from"})
    [ -n "$dry_run" ] || exec "${words[@]}"
    show "${words[@]}"
    ;;
fly) deploy_to_fly ;;
compose) deploy_to_compose ;;
esac
[ -n "$dry_run" ] || say "$name is deployed: $release. Whether it may stay: keyarc-verify gate" \
    "--env $name --release $release --rollback"
