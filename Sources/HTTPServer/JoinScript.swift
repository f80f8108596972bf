/// The shell script at `/join`. It runs in dash and in busybox ash, on hosts with curl, wget or busybox.
enum JoinScript {
    /// What the shell says, and nothing more.
    static func failure(_ message: String) -> String {
        let quoted = message.split(separator: "'", omittingEmptySubsequences: false).joined(
            separator: "'\\''")
        return "#!/bin/sh\necho 'join: \(quoted)' >&2\nexit 1\n"
    }

    /// - Parameters:
    ///   - server: its URL, without a slash at the end.
    ///   - machines: what `uname -m` may say.
    static func text(server: String, sha256: String, machines: [String]) -> String {
        """
        #!/bin/sh
        # Takes this host into another system without its firmware: fetches kexec-join from the boot server, checks
        # it and runs it. Options go through:  curl -fsS \(server)/join | sh -s -- --dry-run
        server='\(server)'
        sha256='\(sha256)'

        """ + functions + """
            main() {
                case $(uname -s)/$(uname -m) in
                \(machines.map { "Linux/\($0)" }.joined(separator: " | "))) ;;
                *) fail "the server's program is for Linux on \(machines.first ?? ""), not for $(uname -s) on $(uname -m)" ;;
                esac
                make_folder
                trap 'rm -rf "$folder"' EXIT
                trap 'exit 1' HUP INT TERM
                fetch_program
                check_program
                run_program "$@"
            }

            main "$@"

            """
    }

    /// Nothing runs until the last line is there: a script that was cut short does nothing.
    private static let functions = #"""

        fail() {
            echo "join: $*" >&2
            exit 1
        }

        has() { command -v "$1" >/dev/null 2>&1; }

        # A folder of our own from which programs may be run.
        make_folder() {
            for parent in "${TMPDIR:-/tmp}" /tmp /run /var/tmp /dev/shm .; do
                folder=$parent/kexec-join.$$
                (umask 077 && mkdir "$folder") 2>/dev/null || continue
                program=$folder/kexec-join
                if printf '#!/bin/sh\nexit 0\n' >"$program" && chmod 700 "$program" && "$program"; then
                    return
                fi 2>/dev/null
                rm -rf "$folder"
            done
            fail "no folder lets programs be run (noexec); set TMPDIR to one that does"
        }

        # URL FILE [HEADER]
        fetch() {
            if has curl; then
                curl -fsS ${3:+-H "$3"} -o "$2" "$1"
            elif has wget; then
                wget -q ${3:+--header "$3"} -O "$2" "$1"
            else
                busybox wget -q ${3:+--header "$3"} -O "$2" "$1"
            fi
        }

        fetch_program() {
            has curl || has wget || has busybox || fail "there is neither curl nor wget here"
            if has gzip && fetch "$server/kexec-join" "$program.gz" 'Accept-Encoding: gzip' 2>/dev/null; then
                # Without a compressed form the server sends the program itself.
                if gzip -dc <"$program.gz" >"$program" 2>/dev/null; then
                    rm -f "$program.gz"
                else
                    mv "$program.gz" "$program"
                fi
            else
                fetch "$server/kexec-join" "$program" || fail "cannot fetch $server/kexec-join into $folder"
            fi
        }

        check_program() {
            if has sha256sum; then
                found=$(sha256sum <"$program")
            elif has openssl; then
                found=$(openssl dgst -sha256 -r <"$program")
            elif has busybox; then
                found=$(busybox sha256sum <"$program" 2>/dev/null)
            else
                found=
            fi
            case $found in
            "$sha256"*) ;;
            '') echo 'join: not verified: there is neither sha256sum nor openssl here' >&2 ;;
            *) fail "what came is not what the server has (SHA-256 ${found%% *}, not $sha256)" ;;
            esac
        }

        run_program() {
            chmod 700 "$program" || fail "cannot make $program executable"
            # A script from a pipe is the standard input; questions are for the terminal.
            if [ -t 0 ]; then
                "$program" --server "$server" "$@"
            elif (: </dev/tty) 2>/dev/null; then
                "$program" --server "$server" "$@" </dev/tty
            else
                "$program" --server "$server" "$@" </dev/null
            fi
            exit $?
        }


        """#
}
