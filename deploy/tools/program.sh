# shellcheck shell=bash
# Where the command-line tool is. deploy/check and deploy/policy source it.
set -euo pipefail

home=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# Prints the path of the program: in a checkout it is built, a release brings it.
program_path() {
    if [ -f "$home/Cargo.toml" ]; then
        built
    else
        unpacked
    fi
}

built() {
    # shellcheck source=../../scripts/lib/common.sh
    source "$home/scripts/lib/common.sh"
    need cargo
    build ecr-admission-cli || fail 'cannot build the command-line tool; see the errors of cargo above'
    # shellcheck disable=SC2154 # common.sh sets it.
    printf '%s\n' "$target/debug/ecr-admission"
}

unpacked() {
    local machine tarball folder part
    case $(uname -s -m) in
        'Linux x86_64') machine=x86_64 ;;
        'Linux aarch64' | 'Linux arm64') machine=aarch64 ;;
        *) refuse "the release has this program for Linux on x86_64 and arm64, and this is $(uname -s -m); run it in a container, or from a checkout" ;;
    esac
    tarball=$(find "$home/cli" -name "ecr-admission-*-$machine-unknown-linux-gnu-*.tar.gz")
    [ -n "$tarball" ] || refuse "$home/cli has no tarball for $machine; unpack the release again"
    folder=${tarball%.tar.gz}
    if ! [ -x "$folder/ecr-admission" ]; then
        # Elsewhere first: another call never sees half of the file.
        part=$(mktemp -d "$home/cli/part.XXXXXX") ||
            refuse "cannot unpack $tarball; run this once as a user who can write there"
        tar -xzf "$tarball" -C "$part"
        # It fails only when another call was faster.
        mv -T "$part/$(basename "$folder")" "$folder" 2>/dev/null || true
        rm -rf "$part"
    fi
    printf '%s\n' "$folder/ecr-admission"
}

# Exits with 2: the program could not run.
refuse() {
    printf 'error: %s\n' "$*" >&2
    exit 2
}
