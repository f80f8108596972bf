#!/bin/sh
# Fuzzes each parser for FUZZ_SECONDS (60):  fuzz.sh [DHCP|TFTP|Configuration|BootMenus|Kexec]...
# libFuzzer comes with Swift's toolchain. What it finds worth keeping goes to .build-fuzz/corpus; a crash is written to
# .build-fuzz/findings, and the exit status is 1.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- DHCP TFTP Configuration BootMenus Kexec
seconds=${FUZZ_SECONDS:-60}
work=.build-fuzz
mkdir -p "$work/findings"
build() { # engines are internal to their modules: @testable reaches them
    NETBOOTD_FUZZ=1 swift build -c release --scratch-path "$work" --sanitize=fuzzer -Xswiftc -enable-testing "$@"
}
failed=0
for target; do
    build --product "Fuzz$target"
    mkdir -p "$work/corpus/$target"
    program=$(build --show-bin-path)/Fuzz$target
    # Swift's own report of a crash would come before libFuzzer's, and keep it from writing the input down.
    if SWIFT_BACKTRACE=enable=no "$program" -max_total_time="$seconds" -max_len=8192 -timeout=5 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$work/findings/$target-" "$work/corpus/$target" "Fuzz/$target/seeds" \
        >"$work/$target.log" 2>&1; then
        echo "Fuzz$target: $seconds s, $(sed -n 's/^stat::number_of_executed_units: *//p' "$work/$target.log") inputs, no finding"
    else
        tail -n 30 "$work/$target.log"
        echo "Fuzz$target: a finding; see $work/findings"
        failed=1
    fi
done
exit $failed
