# What the cases share; read before each of them.

# status COMMAND...: runs it and prints its exit status, whatever that is.
status() {
    code=0
    "$@" || code=$?
    echo "status $code"
}
