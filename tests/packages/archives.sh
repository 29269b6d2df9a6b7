# Debian's archives as this machine reaches them. Part of tests/packages/live and tests/arm64/live.
# shellcheck shell=bash

# The archives of this machine's own distribution, a line each: URI, suite, component.
archives() {
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' 'Created-By: Packages' |
        awk '$4 == "Debian" { print $1, $2, $3 }' | sort -u
}

# The lines of apt's configuration that say how they are fetched: proxies, retries.
archive_options() {
    apt-config dump | grep -E '^Acquire::(http|https|Retries|Check-[A-Za-z-]*)[: ]'
}

# shellcheck disable=SC2034 # for those who read this
own_release=$(. /etc/os-release && echo "$VERSION_CODENAME")
