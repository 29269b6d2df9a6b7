# The container's image: Containerfile's own steps in bare roots, and its entrypoint as engines start it. Part of
# tests/packages/live.
# shellcheck shell=bash disable=SC2154 # work is live's

container_releases() {
    tests/packages/containerfile.py releases Containerfile
}

image() {
    tests/packages/containerfile.py build Containerfile . "$work"
}

# contained USER ARGUMENT...: the entrypoint as that user, or the image's if empty, on the photographs in $work/data.
contained() {
    local user=$1
    shift
    tests/packages/containerfile.py run ${user:+--user "$user"} --data "$work/data" "$work" "$@"
}

# data USER: a folder of photographs that belongs to it.
data() {
    rm -rf "$work/data" && mkdir "$work/data" && cp examples/*.jpg "$work/data" && chown -R "$1" "$work/data"
}

image_user() {
    data 10001:10001 && contained '' run . --quiet --overlay -o masks && same_records "$work/data/masks" &&
        [ "$(stat -c %u:%g "$work/data/masks/coffee.json")" = 10001:10001 ]
}

# The masks of a record alone; what stands before them depends on the image's name.
masks() {
    sed 's/.*"annotations"//' "$1"
}

# One that the image's /etc/passwd does not know, with names that are not ASCII.
any_user() {
    data 54321:54321 && mv "$work/data/coffee.jpg" "$work/data/Kaffee über.jpg" &&
        contained 54321:54321 run "Kaffee über.jpg" --quiet -o "Masken ü" &&
        cmp <(masks "$work/data/Masken ü/Kaffee über.json") <(masks "$work/expected/coffee.json")
}

# `docker stop`: process 1 ends in good order, with what is left to do.
stopped() {
    local i status started
    data 10001:10001
    for i in {1..200}; do ln "$work/data/coffee.jpg" "$work/data/$i.jpg"; done
    tests/packages/containerfile.py run --data "$work/data" "$work" run . --quiet -o masks &
    started=$!
    until find "$work/data/masks" -name '*.json' | grep -q 'masks/[^/]*$' || ! kill -0 $started; do sleep 0.1; done
    kill -TERM $started
    wait $started
    status=$?
    echo "status $status"
    [ $status = 4 ] && ! find "$work/data" -name '*tmp*' | grep .
}

test_container() {
    check "image" image || return
    du -sh --exclude=proc "$work"/stage-1 2>/dev/null | tail -n 1
    check "the image's user" image_user
    check "any user" any_user
    check "stopped" stopped
}
