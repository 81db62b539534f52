# shellcheck shell=bash
# What deploy_cloud_run.sh and verify_deployment.sh share: colours on a terminal, plain words elsewhere. To be sourced.

# Empty lists under set -u need 4.4; macOS still has 3.2.
if [ "${BASH_VERSINFO[0]}${BASH_VERSINFO[1]}" -lt 44 ]; then
    echo "bash 4.4 or newer is needed (here: $BASH_VERSION): brew install bash" >&2
    exit 2
fi

if [ -t 2 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
    bold=$'\e[1m' green=$'\e[32m' yellow=$'\e[33m' red=$'\e[31m' plain=$'\e[0m'
else
    bold='' green='' yellow='' red='' plain=''
fi

step() { printf '%s==> %s%s\n' "$bold" "$*" "$plain" >&2; }
note() { printf '%s%s%s\n' "$yellow" "$*" "$plain" >&2; }
done_() { printf '%s%s%s\n' "$green" "$*" "$plain" >&2; }
die() { # die CODE WHAT
    local code=$1
    shift
    printf '%serror: %s%s\n' "$red" "$*" "$plain" >&2
    exit "$code"
}

need_value() { # need_value OPTION REST...: an option that is the last word, or is followed by an option, has no value
    if [ "$#" -lt 2 ] || [ -z "$2" ] || [ "${2#--}" != "$2" ]; then die 2 "$1 needs a value"; fi
}

at_least() { # at_least HAVE WANT: versions
    [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

configured_project() { # that of gcloud, where nobody names one
    local found
    found=$(gcloud config get-value project 2>/dev/null || true)
    [ "$found" = "(unset)" ] || printf '%s' "$found"
}
