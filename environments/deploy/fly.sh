# shellcheck shell=bash
# To Fly: one app after the other, each by its image's digest; the first failure stops it.
# shellcheck disable=SC2154 # deploy.sh sets what is used here

flyctl=${FLYCTL:-flyctl}

deploy_to_fly() {
    local service services=() finished=() variable smoke_checks
    local -A app=() config=() image=() spare=()
    read_apps
    export FLY_NO_UPDATE_CHECK=1
    [ -n "$dry_run" ] || command -v "$flyctl" >/dev/null ||
        refuse "flyctl is missing: https://fly.io/docs/flyctl/install/"
    # It ends where deploying would begin: is somebody logged in, is there the app, and its image?
    for service in "${services[@]}"; do
        change "$service" --build-only || refuse "$service cannot be deployed"
        stop_if_interrupted
    done
    note
    for service in "${services[@]}"; do
        [ -n "$dry_run" ] || say "deploying $service"
        change "$service" || stopped "$service"
        finished+=("$service")
        [ -z "$interrupted" ] || [ "${#finished[@]}" = "${#services[@]}" ] || stopped ''
    done
}

# The services in the order in which they are deployed, and what the plan says of each.
read_apps() {
    local what first second third fourth fifth
    while IFS=$'\t' read -r what first second third fourth fifth; do
        case $what in
        fly) variable=$first smoke_checks=$second ;;
        app)
            services+=("$first")
            app[$first]=$second config[$first]=$third image[$first]=$fourth spare[$first]=$fifth
            ;;
        esac
    done <<<"$plan"
}

# What the app's fly.toml says, with this image and told this release. It is told to services that did
# not change as well: all of them report the same. No addresses: environments/provision.sh gives them.
# Of a first deployment `--ha` makes two machines; of any other it makes none.
change() {
    run "$flyctl" deploy -a "${app[$1]}" -c "${config[$1]}" --image "${image[$1]}" \
        --env "$variable=$release" --strategy rolling --deploy-retries 0 --remote-only \
        --ha="${spare[$1]}" --no-public-ips --dns-checks=false --smoke-checks="$smoke_checks" "${@:2}"
}

# Says which services are of which release, as far as flyctl told: `stopped SERVICE-THAT-FAILED`.
stopped() {
    local service untouched=()
    for service in "${services[@]:${#finished[@]}}"; do
        [ "$service" = "$1" ] || untouched+=("$service")
    done
    [ -n "$1" ] || say "interrupted"
    [ -z "$1" ] || say "$1 failed: it may be half of each release"
    give_up "of $release: ${finished[*]:-none}; as before: ${untouched[*]:-none}"
}
