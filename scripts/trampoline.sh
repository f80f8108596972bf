#!/bin/sh
# Assembles scripts/trampoline.S into Sources/Kexec/Load/TrampolineCode.swift. Needed only when that source is
# changed: the build takes the bytes as they stand there.
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
as --64 -o "$folder/trampoline.o" scripts/trampoline.S
objcopy -O binary -j .text "$folder/trampoline.o" "$folder/trampoline.bin"
{
    echo "/// Made by scripts/trampoline.sh from scripts/trampoline.S, which explains it."
    echo "let trampolineCode: [UInt8] = ["
    od -An -v -tx1 -w12 "$folder/trampoline.bin" | sed -E 's/ ([0-9a-f]{2})/0x\1, /g; s/^/    /; s/ $//'
    echo "]"
} >Sources/Kexec/Load/TrampolineCode.swift
