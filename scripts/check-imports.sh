#!/bin/sh
# Checks that modules import only what stands below them (docs/architecture.md has the picture).
# Prints each import that breaks the rule, with its place; exit status 1 if there is one.
set -eu
cd "$(dirname "$0")/.."

# What each module may import of ours and of C. Libraries of the toolchain are free, but for Foundation.
allowed() {
    case $1 in
    Wire) echo "" ;;
    BootCore) echo "Wire" ;;
    SystemIO) echo "Wire CLinux" ;;
    PacketIO) echo "Wire SystemIO CPcap" ;;
    BootFiles) echo "Wire BootCore SystemIO" ;;
    DHCPServer) echo "Wire BootCore SystemIO PacketIO CSQLite Logging" ;;
    TFTPServer) echo "Wire BootCore BootFiles SystemIO Logging" ;;
    HTTPServer) echo "Wire BootCore BootFiles SystemIO CMicrohttpd CZlib Crypto Logging" ;;
    NFSServer) echo "Wire BootCore BootFiles SystemIO Logging" ;;
    BootMenus) echo "" ;;
    Kexec) echo "Wire BootCore BootMenus SystemIO CLinux CZlib Crypto" ;;
    JoinCommands) echo "Wire BootCore BootMenus SystemIO Kexec ArgumentParser" ;;
    kexec-join) echo "JoinCommands ArgumentParser" ;;
    Configuration) echo "Wire BootCore BootFiles SystemIO DHCPServer TFTPServer HTTPServer NFSServer CYAML" ;;
    netbootd) echo "Wire BootCore SystemIO BootFiles DHCPServer TFTPServer HTTPServer NFSServer Configuration Kexec JoinCommands ArgumentParser Logging" ;;
    *) return 1 ;;
    esac
}

broken=0
for folder in Sources/*/; do
    module=$(basename "$folder")
    [ -f "$folder/module.modulemap" ] && continue
    if ! permitted=$(allowed "$module"); then
        echo "$folder: no rule for this module; add it to scripts/check-imports.sh"
        broken=1
        continue
    fi
    # FILE:LINE:import … MODULE, whatever stands before `import`.
    found=$(grep -rnE '^(@[a-zA-Z]+ +)*((public|package|internal|fileprivate|private) +)?import ' \
        --include='*.swift' "$folder" | sed -E 's/import +(struct|class|enum|func|protocol|typealias|var|let) +/import /' || true)
    [ -n "$found" ] || continue
    echo "$found" | while IFS= read -r line; do
        name=$(echo "$line" | sed -E 's/.*import +([A-Za-z_]+).*/\1/')
        case " $permitted Glibc Musl Synchronization FoundationEssentials " in
        *" $name "*) ;;
        *) echo "$(echo "$line" | cut -d: -f1,2): $module may not import $name" ;;
        esac
    done >"${TMPDIR:-/tmp}/imports.$$"
    if [ -s "${TMPDIR:-/tmp}/imports.$$" ]; then
        cat "${TMPDIR:-/tmp}/imports.$$"
        broken=1
    fi
    rm -f "${TMPDIR:-/tmp}/imports.$$"
done
[ $broken = 0 ] && echo "Imports go downwards only."
exit $broken
