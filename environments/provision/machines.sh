# shellcheck shell=bash
# How many machines run where. A fly.toml says neither: `primary_region` is where a deployment makes
# the first ones, and all others are put there by `scale count`.
# shellcheck disable=SC2154 # provision.sh sets what is used here

# Where a machine is put when the primary region has no room, in this order.
fallback_regions=(dfw ord)

make_machines() {
    local service want have
    for service in "${services[@]}"; do
        want=${instances[$service]}
        have=$(machines_of "${app[$service]}")
        if [ -n "$dry_run" ]; then
            printf '# once %s is deployed, if it has fewer than %s; where there is no room: %s\n' \
                "${app[$service]}" "$want" "${fallback_regions[*]}"
            add_machines "${app[$service]}" "$want" "$region"
        elif [ -z "$have" ]; then
            say "${app[$service]} has no machine yet: its first deployment makes them"
        elif (($(wc -l <<<"$have") > want)); then
            say "${app[$service]} has more machines than the declared $want; none is taken away here"
        else
            reach "${app[$service]}" "$want" "$have"
        fi
    done
}

# Adds what is missing, one region after the other: `reach APP COUNT REGIONS-OF-ITS-MACHINES`.
reach() {
    local have=$3 place
    for place in "$region" "${fallback_regions[@]}"; do
        (($(wc -l <<<"$have") < $2)) || return 0
        add_machines "$1" "$2" "$place" "$have" || say "no machine for $1 in $place"
        have=$(machines_of "$1")
    done
    (($(wc -l <<<"$have") >= $2)) || give_up "$1 has fewer than $2 machines, and no region takes more"
}

# `add_machines APP COUNT REGION [REGIONS-OF-ITS-MACHINES]`. flyctl counts those of the region alone.
add_machines() {
    local missing=$2 here_now=0
    if [ -n "${4:-}" ]; then
        missing=$(($2 - $(wc -l <<<"$4")))
        here_now=$(grep -cxF -e "$3" <<<"$4" || true)
    fi
    attempt "$missing more of $1 in $3" \
        scale count $((here_now + missing)) --region "$3" --app "$1" --yes
}

# The region of each machine that serves, a line each.
machines_of() {
    local there
    there=$(look machine list --app "$1" -- config.metadata.fly_process_group state region)
    awk -F'\t' '$1 == "app" && $2 !~ /^destroy/ { print $3 }' <<<"$there"
}
