# shellcheck shell=bash
# Asks Fly, and changes it, by flyctl.
# shellcheck disable=SC2154 # provision.sh sets what is used here

# `mpg create` and `mpg attach` print the database's password. So what flyctl prints is shown only
# where it fails, and then without connection strings.
masked() { sed -E 's#postgres(ql)?://[^[:space:]"]+#(a connection string)#g'; }

# flyctl, with its standard error masked.
fly() { { "$flyctl" "$@" 2>&1 >&3 </dev/null | masked >&2; } 3>&1; }

# The fields of each item that flyctl lists, a line each: `look ARGUMENT... -- FIELD...`. To be
# assigned to a variable before use, so that a failure ends the script. A dry run sees nothing.
look() {
    local arguments=() found
    while [ "$1" != -- ]; do
        arguments+=("$1")
        shift
    done
    shift
    [ -z "$dry_run" ] || return 0
    found=$(fly "${arguments[@]}" --json) || give_up "could not ask Fly: flyctl ${arguments[*]}"
    printf '%s\n' "$found" | "$python" -IS "$here/provision/pick.py" "$@" ||
        give_up "could not read the answer to: flyctl ${arguments[*]}"
}

# Whether a line is among lines: `has LINES LINE`.
has() { grep -qxF -e "$2" <<<"$1"; }

# A change, said before it is made: `attempt WHAT ARGUMENT...`. In a dry run it is said alone.
attempt() {
    local what=$1 output
    shift
    if [ -n "$dry_run" ]; then
        printf 'flyctl'
        printf ' %q' "$@"
        printf '\n'
        return
    fi
    say "$what"
    output=$("$flyctl" "$@" </dev/null 2>&1) || {
        printf '%s\n' "$output" | masked >&2
        return 1
    }
    changes=$((changes + 1))
}

# The same, where nothing can follow if it fails.
change() { attempt "$@" || give_up "flyctl $2 $3 failed, so this is not done: $1"; }

# Gives an app a secret by standard input, to be used from its next deployment on:
# `give_secret APP NAME VALUE`.
give_secret() {
    local - output
    set +x
    if [ -n "$dry_run" ]; then
        printf 'flyctl secrets import --stage --app %q # %s, by standard input\n' "$1" "$2"
        return
    fi
    say "secret $2 for $1"
    output=$(printf '%s=%s\n' "$2" "$3" | "$flyctl" secrets import --stage --app "$1" 2>&1) || {
        printf '%s\n' "$output" | masked >&2
        give_up "$1 did not take $2; if another app has it already: --rotate $2"
    }
    changes=$((changes + 1))
}
