#!/bin/sh
# Puts what the program brings with it into a folder: manual pages and completions.
#
#   tools/package.sh share PROGRAM FOLDER       share/man, share/bash-completion, share/zsh, share/fish below FOLDER
#   tools/package.sh dist PROGRAM FOLDER        FOLDER/transect-VERSION-TRIPLE.tar.gz and its .sha256
#   tools/package.sh install PROGRAM PREFIX     bin/transect and share/ below PREFIX
set -eu
what="$1" program="$2" folder="$3"

share() {
    man="$1/share/man/man1" bash="$1/share/bash-completion/completions"
    zsh="$1/share/zsh/site-functions" fish="$1/share/fish/vendor_completions.d"
    mkdir -p "$man" "$bash" "$zsh" "$fish"
    "$program" man "$man" >&2
    "$program" completions bash >"$bash/transect"
    "$program" completions zsh >"$zsh/_transect"
    "$program" completions fish >"$fish/transect.fish"
}

case "$what" in
share)
    rm -rf "$folder/share"
    share "$folder"
    ;;
install)
    mkdir -p "$folder/bin"
    install -m 755 "$program" "$folder/bin/transect"
    share "$folder"
    echo "installed $folder/bin/transect"
    ;;
dist)
    name="transect-$("$program" --version | cut -d' ' -f2)-$(rustc -vV | sed -n 's/^host: //p')"
    work="$(mktemp -d)"
    trap 'rm -rf "$work"' EXIT
    mkdir -p "$work/$name/bin" "$folder"
    install -m 755 "$program" "$work/$name/bin/transect"
    share "$work/$name"
    cp README.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT "$work/$name/"
    # The same content gives the same archive.
    tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C "$work" -cf - "$name" | gzip -n >"$folder/$name.tar.gz"
    (cd "$folder" && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
    echo "$folder/$name.tar.gz"
    ;;
*) echo "error: tools/package.sh knows share, dist and install, not '$what'" >&2 && exit 2 ;;
esac
