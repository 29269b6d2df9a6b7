# Downloads go through curl; here a stand-in that has no network, then one that gives another file.
mkdir bin
PATH=$PWD/bin:$PATH
printf '#!/bin/sh\nexit 6\n' >bin/curl
chmod +x bin/curl
status maskmill fetch-model mobile_sam
printf '#!/bin/sh\necho "<html>"\n' >bin/curl
status maskmill fetch-model vit_b --output m.pth
tree .
# What the downloader is told: https alone, and when to give up.
printf '#!/bin/sh\necho curl "$@" >&2\nexit 28\n' >bin/curl
status maskmill fetch-model mobile_sam
status maskmill fetch-model vit_x
# A model of which no sum is known, in a file whose published name says little.
printf '#!/bin/sh\nprintf "\\200\\002}q"\n' >bin/curl
chmod +x bin/curl
status maskmill fetch-model tinysam
status maskmill fetch-model tinysam
status maskmill fetch-model slimsam_50
ls
# All models.
status maskmill fetch-model
status maskmill fetch-model --nonsense vit_b
