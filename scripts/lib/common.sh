# shellcheck shell=bash
# What the shell scripts share. Each script sources it first. It sets:
#
#   root    the folder of the checkout
#   script  the script that runs, relative to root
#   target  the folder that cargo builds into
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
script=${script#"$root"/}

# Once this is exported, no configuration file of cargo names another folder.
target=${CARGO_TARGET_DIR:-$root/target}
[[ $target = /* ]] || target=$PWD/$target
export CARGO_TARGET_DIR=$target

say() { printf '%s: %s\n' "$script" "$*" >&2; }

# Exits with 2: the script could not do its work.
fail() {
    say "$*"
    exit 2
}

# Starts a stage of a check.
step() { printf '\n== %s (%d s)\n' "$*" "$SECONDS" >&2; }

# need PROGRAM…
need() {
    local program hint
    for program; do
        case $program in
            cargo) hint='Rust 1.95 or later, see https://rustup.rs' ;;
            go) hint='Go 1.26 or later, see https://go.dev/doc/install' ;;
            node) hint='Node.js 20 or later' ;;
            python3) hint='Python 3.9 or later' ;;
            *) hint=$program ;;
        esac
        command -v "$program" >/dev/null || fail "$program is not installed; install $hint"
    done
}

# Prints the comment at the top of the script.
usage() { sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p;}' "$0"; }

# Builds the programs of each of these packages. One package at a time: in one build, the features that one package
# turns on would reach the others.
build() {
    local package
    for package; do
        say "building $package"
        cargo build --locked --manifest-path "$root/Cargo.toml" --package "$package" --bins >&2 || return
    done
}

# Installs the CDK, if necessary.
install_cdk() {
    need node
    # npm leaves a copy of the lockfile with what it installed.
    if ! [ "$root/cdk/node_modules/.package-lock.json" -nt "$root/cdk/package-lock.json" ]; then
        step 'installing the CDK into cdk/node_modules (once; half a minute)'
        npm ci --prefix "$root/cdk" --silent
        touch "$root/cdk/node_modules/.package-lock.json"
    fi
}

# Prints the folder with the tools of scripts/lib/requirements/$1.txt, and installs them if necessary.
tools() { PYTHONPATH=$root/scripts/lib:$root/deploy/tools python3 -B -m project.tools "$1"; }

# Prints the architecture of this machine as scripts/build names it.
machine() {
    case $(uname -m) in
        aarch64 | arm64) printf 'arm64\n' ;;
        x86_64) printf 'x86_64\n' ;;
        *) fail "expected a machine with arm64 or x86_64, got \"$(uname -m)\"" ;;
    esac
}
