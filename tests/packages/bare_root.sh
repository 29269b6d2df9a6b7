# Bare Debian roots. Part of tests/packages/live.
# shellcheck shell=bash disable=SC2154 # work is live's

export ARCHIVES=$work/archives # packages that were fetched, so that each is fetched once
mkdir -p "$ARCHIVES/partial"

. tests/packages/archives.sh

# base_root FOLDER RELEASE: what debootstrap makes, brought up to date, with the sources, proxies and name servers of this machine.
base_root() {
    local root=$1 release=$2 mirror
    mirror=$(archives | awk -v own="$own_release" '$2 == own { print $1; exit }')
    debootstrap --variant=minbase --include=ca-certificates "$release" "$root" "$mirror" >"$root.log" 2>&1 || {
        tail -n 20 "$root.log" >&2
        return 1
    }
    archives | sed "s/^/deb /; s/ $own_release/ $release/" >"$root/etc/apt/sources.list"
    archive_options >"$root/etc/apt/apt.conf.d/90host"
    echo 'Binary::apt-get::APT::Keep-Downloaded-Packages "true";' >>"$root/etc/apt/apt.conf.d/90host"
    # Power will not fail halfway.
    echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
    enter "$root" && inside "$root" sh -c 'apt-get update && apt-get dist-upgrade -y' && leave "$root"
}

# enter ROOT: mounts what programs expect.
enter() {
    mount -t proc proc "$1/proc" && mount --bind "$ARCHIVES" "$1/var/cache/apt/archives"
}

leave() {
    umount "$1/proc" "$1/var/cache/apt/archives"
}

# inside ROOT COMMAND...: runs it there as root, with an environment like that of a new machine.
inside() {
    local root=$1
    shift
    chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
        DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8 "$@"
}
