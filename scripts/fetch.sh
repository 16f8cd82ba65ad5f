# SPDX-License-Identifier: GPL-2.0-or-later
# Read by scripts that fetch something from the distribution once and keep it: where it is kept,
# and an apt of their own, so that the system's apt sees no change. `fail` is the script's.

# The directory in which things are kept; $1: one that the caller was told, or "".
cache_directory() {
    if [ -n "${1:-${NMB_CACHE:-}}" ]; then
        echo "${1:-$NMB_CACHE}"
    elif [ -n "${HOME:-}" ] && mkdir -p "$HOME/.cache/nm-bond" 2>/dev/null &&
        [ -w "$HOME/.cache/nm-bond" ]; then
        echo "$HOME/.cache/nm-bond"
    else
        echo "/var/tmp/nm-bond-$(id -u)"
    fi
}

# private_apt DIRECTORY deb|deb-src [RELEASE]: apt in this process is one that lives in DIRECTORY
# and knows the archive that the installed packages come from (without package lists, the release's
# own), in RELEASE instead of the installed one if it is given.
private_apt() {
    apt_dir=$1
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    mkdir -p "$apt_dir/parts" "$apt_dir/lists/partial" "$apt_dir/cache/archives/partial"
    keys=
    for k in /usr/share/keyrings/debian-archive-keyring.gpg \
        /usr/share/keyrings/ubuntu-archive-keyring.gpg; do
        [ ! -e "$k" ] || keys="$keys $k"
    done
    signed=${keys:+"[signed-by=$(echo $keys | tr ' ' ,)]"}
    apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)' \
        'Created-By: Packages' 2>/dev/null | sort -u |
        while read -r origin uri release component; do
            case "$origin" in
            Debian | Ubuntu) echo "$2 $signed $uri $release $component" ;;
            esac
        done >"$apt_dir/parts/archive.list"
    [ -n "$codename" ] || { [ -z "${3:-}" ] && [ -s "$apt_dir/parts/archive.list" ]; } ||
        fail "apt knows no archive of the distribution, and /etc/os-release names no release"
    [ -s "$apt_dir/parts/archive.list" ] || cat >"$apt_dir/parts/archive.list" <<LIST
$2 $signed http://deb.debian.org/debian $codename main
$2 $signed http://deb.debian.org/debian $codename-updates main
$2 $signed http://deb.debian.org/debian-security $codename-security main
LIST
    [ -z "${3:-}" ] || sed -i "s/ $codename\\b/ $3/" "$apt_dir/parts/archive.list"
    cat >"$apt_dir/apt.conf" <<CONF
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$apt_dir/parts";
Dir::State::lists "$apt_dir/lists";
Dir::Cache "$apt_dir/cache";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "3";
CONF
    export APT_CONFIG="$apt_dir/apt.conf" LC_ALL=C
}
