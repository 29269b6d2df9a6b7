# The version is the one that the sources say.
[ "$(maskmill --version)" = "maskmill $(cat "$SOURCE/VERSION")" ] && echo same
