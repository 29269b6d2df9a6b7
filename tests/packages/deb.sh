# The Debian packages: made from the archive, installed into a bare root, used, purged. Part of tests/packages/live.
# shellcheck shell=bash disable=SC2154 # work, version and own_release are live's

# With the unit tests, as debian/rules has them.
packages() {
    DEB_BUILD_OPTIONS='' without_git make --no-print-directory deb && rm -rf "$work/deb" &&
        mv "$work/maskmill-$version/build/deb" "$work/deb"
}

lint() {
    lintian --allow-root --fail-on error,warning "$work"/deb/*.changes
}

# Hardened, and with the Makefile's optimisation.
flags() {
    rm -rf "$work/unpacked" && dpkg-deb -x "$work/deb/maskmill_${version}_"*.deb "$work/unpacked" &&
        readelf -dW "$work/unpacked/usr/bin/maskmill" >"$work/dynamic" && grep -q 'NOW PIE' "$work/dynamic" &&
        readelf -sW --dyn-syms "$work/unpacked/usr/bin/maskmill" | grep -q __stack_chk_fail &&
        grep -q -- ' -O3 .*-c -o build/model/decoder.o' "$work/deb/log" &&
        ! grep -- '-c -o build/' "$work/deb/log" | grep -e ' -O[0-2s]' -e ' -flto'
}

# All files of a root with their modes, owners, links and contents, but for what apt and dpkg note for themselves.
listing() {
    (cd "$1" && find . -xdev \( -path ./var/lib/dpkg -o -path ./var/lib/apt -o -path ./var/cache/apt \
        -o -path ./var/cache/debconf -o -path ./var/cache/ldconfig -o -path ./var/log -o -path ./proc -o -path ./tmp \) -prune -o -printf '%p %y %m %U %G %l\n' \
        -type f -exec sha256sum {} +) | LC_ALL=C sort
}

install_packages() {
    cp "$work"/deb/*.deb "$root/tmp" && rm -f "$root"/tmp/*-dbgsym_*.deb &&
        inside "$root" sh -c 'apt-get install -y --no-install-recommends /tmp/*.deb' && rm "$root"/tmp/*.deb
}

# The same records as those of the program in build/, whose flags are others; by a user who may write nowhere else.
demo() {
    mkdir -p "$root/tmp/out" && chown 65534:65534 "$root/tmp/out" &&
        chroot --userspec=65534:65534 "$root" /usr/bin/maskmill run /usr/share/doc/maskmill/examples --quiet --overlay \
            --report -o /tmp/out &&
        same_records "$root/tmp/out" && [ -s "$root/tmp/out/@report/index.html" ]
}

manual() {
    man --warnings --local-file "$root/usr/share/man/man1/maskmill.1.gz" >"$work/page" &&
        grep -q '^ *maskmill run' "$work/page" &&
        find "$root/usr/share/doc/maskmill" -name '*.md' -exec tools/check-docs --links {} +
}

completions() {
    inside "$root" bash -c '. /usr/share/bash-completion/completions/maskmill && complete -p maskmill' &&
        grep -q '^#compdef maskmill' "$root/usr/share/zsh/vendor-completions/_maskmill" &&
        grep -q '^complete -c maskmill' "$root/usr/share/fish/vendor_completions.d/maskmill.fish"
}

compile() {
    inside "$root" apt-get install -y --no-install-recommends gcc libc6-dev pkgconf &&
        inside "$root" sh -euc 'cd /tmp
            examples=/usr/share/doc/maskmill/examples
            gcc $examples/click.c $(pkg-config --cflags --libs maskmill) -o click
            ./click $examples/coffee.jpg 300 200 >shared
            gcc $examples/click.c $(pkg-config --cflags maskmill) "$(pkg-config --variable=libdir maskmill)/libmaskmill.a" \
                $(pkg-config --libs vips jansson libseccomp libarchive) -fopenmp -lm -o click
            ldd click | grep maskmill && exit 1
            ./click $examples/coffee.jpg 300 200 | cmp - shared' &&
        [ "$(grep -c '^mask' "$root/tmp/shared")" = 3 ]
}

# Ours first, so that their removal is seen by itself; then all that came with them.
purge() {
    inside "$root" apt-get purge -y maskmill libmaskmill0 libmaskmill-dev maskmill-doc &&
        ! find "$root" -xdev -path "$root/tmp" -prune -o -path "$root/var/cache/apt" -prune -o -name '*maskmill*' -print | grep . &&
        ! inside "$root" dpkg --get-selections | grep maskmill &&
        inside "$root" apt-get autoremove -y --purge -o APT::AutoRemove::RecommendsImportant=false \
            -o APT::AutoRemove::SuggestsImportant=false gcc libc6-dev pkgconf &&
        listing "$root" | diff "$work/before" -
}

# $root: the bare root.
test_deb() {
    local root=$work/root
    check "packages" packages || return
    check "lintian" lint
    check "flags" flags
    cp -a "$work/base-$own_release" "$root" && enter "$root"
    listing "$root" >"$work/before"
    check "installation" install_packages || return
    check "demo" demo
    check "manual" manual
    check "completions" completions
    check "compile and link" compile
    check "purge" purge
    (cd "$work/deb" && du -h --apparent-size -- *.deb)
}
