#!/usr/bin/env bash
# Makes what an environment needs on Fly: apps, addresses, PostgreSQL, secrets, certificates, machines.
# It looks before each step, so that a second run changes nothing. docs/fly.md tells the rest.
set -euo pipefail
shopt -s inherit_errexit

usage() {
    cat <<'END'
environments/provision.sh --env NAME [OPTION...]

  --env NAME          dev, test, staging, production: environments/NAME.yaml
  --org ORG           the organization at Fly; "personal" unless given
  --plan PLAN         of PostgreSQL, where it has to be made: basic unless given
  --rotate SECRET     JWT_SECRET or INTERNAL_TOKEN: a new value for all who have it
  --dry-run           print the commands for an organization that has nothing yet; call nobody
  --yes-production    without it, production is left alone

Needs flyctl (0.4.87 or newer; on the PATH, or named by FLYCTL), logged in: flyctl auth login, or
FLY_API_TOKEN with a token of the organization.
Ends with 0 when all is there, 2 when it was called wrongly, 20 when something could not be done.
END
}

say() { printf 'provision: %s\n' "$*" >&2; }
misused() {
    say "$*"
    exit 2
}
give_up() {
    say "$*"
    exit 20
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
flyctl=${FLYCTL:-flyctl} dry_run='' changes=0
name='' org=personal plan=basic rotate='' yes_production=''

while (($#)); do
    case $1 in
    --env | --org | --plan | --rotate)
        [[ ${2:-} =~ ^[A-Za-z0-9][A-Za-z0-9_-]*$ ]] || misused "$1 needs a name after it"
        case $1 in
        --env) name=$2 ;;
        --org) org=$2 ;;
        --plan) plan=$2 ;;
        --rotate) rotate=$2 ;;
        esac
        shift 2
        continue
        ;;
    --dry-run) dry_run=yes ;;
    --yes-production) yes_production=yes ;;
    --help | -h)
        usage
        exit
        ;;
    *) misused "unknown argument $1; --help tells those that there are" ;;
    esac
    shift
done
[ -n "$name" ] || misused "--env is missing: dev, test, staging or production"

. "$here/provision/flyctl.sh"
. "$here/provision/steps.sh"
. "$here/provision/machines.sh"
[ -z "$rotate" ] || [ -n "${holders[$rotate]:-}" ] ||
    misused "--rotate knows ${!holders[*]}, not $rotate"

bin=$here/../.venv/bin
verify=$bin/keyarc-verify python=$bin/python
[ -x "$verify" ] || verify=keyarc-verify
[ -x "$python" ] || python=python3

# What is declared, from the environment file and the fly.toml files.
declare -A app=() visibility=() instances=() hosts=() secrets=()
services=() region='' kind=''
cd "$here/.."
declared=$("$verify" env show "$name" --format json) || misused "the environment $name cannot be read"
plan_lines=$("$python" -IS "$here/provision/plan.py" "$here/fly/$name" <<<"$declared") || exit 2
while IFS=$'\t' read -r what key first second third fourth; do
    case $what in
    environment) kind=$first ;;
    app)
        services+=("$key")
        app[$key]=$first visibility[$key]=$second instances[$key]=$third region=$fourth
        ;;
    host) hosts[$key]="${hosts[$key]:-} $first" ;;
    esac
done <<<"$plan_lines"

if [ -n "$dry_run" ]; then
    printf '# %s: what it takes in an organization that has nothing of it yet\n' "$name"
else
    [ "$kind" != production ] || [ -n "$yes_production" ] ||
        misused "$name is production: call it with --yes-production, or --dry-run"
    command -v "$flyctl" >/dev/null || misused "flyctl is missing: https://fly.io/docs/flyctl/install/"
    export CI=1 NO_COLOR=1 FLY_NO_UPDATE_CHECK=1
    fly auth whoami >/dev/null || give_up "flyctl is not logged in: flyctl auth login, or FLY_API_TOKEN"
fi

make_apps
make_addresses
look_for_secrets
make_database
for secret in JWT_SECRET INTERNAL_TOKEN; do
    make_secret "$secret"
done
make_certificates
make_machines
tell_records
if [ -z "$dry_run" ]; then
    if ((changes)); then
        say "$changes changes; secrets are used from each app's next deployment on"
    else
        say "all is there; nothing was changed"
    fi
fi
