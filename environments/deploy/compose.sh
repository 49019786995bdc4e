# shellcheck shell=bash
# To a project of Docker Compose: all of it at once, in the order that the compose file says.
# shellcheck disable=SC2154 # deploy.sh sets what is used here

deploy_to_compose() {
    local project file variable env_file image images_given=() words=()
    local what first second third fourth
    while IFS=$'\t' read -r what first second third fourth; do
        case $what in
        compose) project=$first file=$second variable=$third env_file=$fourth ;;
        image) images_given+=("${first^^}_IMAGE=$second") ;;
        esac
    done <<<"$plan"
    [ -n "$dry_run" ] || docker compose version >/dev/null 2>&1 ||
        refuse "docker or its plugin compose is missing: https://docs.docker.com/compose/install/"
    for image in "${images_given[@]#*=}"; do
        have "$image" || refuse "the image $image cannot be had"
        stop_if_interrupted
    done
    words=(env "$variable=$release" "${images_given[@]}"
        docker compose --ansi never -p "$project" --project-directory "${file%/*}" -f "$file")
    [ ! -f "$env_file" ] || words+=(--env-file "$env_file")
    run "${words[@]}" config --quiet || refuse "$file cannot be used"
    note
    words+=(up --detach --wait)
    # What is not given is built; the edge, which is deployed nowhere else, where it is missing.
    [ -n "${images_given[*]}" ] || words+=(--build)
    run "${words[@]}" || give_up \
        "compose failed: docker compose -p $project ps --all shows what runs, of $release and of before"
}

# An image that is here is not asked for elsewhere.
have() {
    [ -z "$dry_run" ] || {
        show docker pull --quiet "$1"
        return
    }
    docker image inspect "$1" >/dev/null 2>&1 || run docker pull --quiet "$1"
}
