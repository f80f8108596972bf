import BootCore
import Configuration
import Glibc
import HTTPServer
import SystemIO
import Testing
import Wire

@Suite("What the configuration says of live hosts")
struct JoinTests {
    @Test("Its keys are taken, and each server is told")
    func keys() throws {
        let text =
            base + """
                signing-key: /etc/netbootd/signing.key
                join: {executable: /srv/kexec-join, back-within: 90s}
                """
        let configuration = try #require(parse(text).configuration)
        #expect(configuration.signingKey == "/etc/netbootd/signing.key")
        #expect(configuration.join.executable == "/srv/kexec-join")
        #expect(configuration.join.backWithin == .seconds(90))
        let key = SigningKeyFile(.privateKey, bytes: Array(repeating: 1, count: 32))
        let settings = configuration.httpSettings(
            address: IPv4Address(10, 0, 0, 1), policy: configuration.policy(), signingKey: key)
        #expect(settings.signingKey != nil && settings.joinExecutables == ["/srv/kexec-join"])
    }

    @Test("Without them nothing is signed, and the client is looked for beside the server")
    func defaults() throws {
        let configuration = try #require(parse(base).configuration)
        #expect(configuration.join.backWithin == .seconds(300))
        let settings = configuration.httpSettings(
            address: IPv4Address(10, 0, 0, 1), policy: configuration.policy(), programFolder: "/opt/bin")
        #expect(settings.signingKey == nil)
        #expect(settings.joinExecutables == ["/opt/bin/kexec-join", "/usr/lib/netbootd/kexec-join"])
    }

    @Test("A profile says whose initrd it has")
    func initramfs() throws {
        for dialect in InitramfsDialect.allCases {
            let text =
                "interface: eth1\ndhcp: {mode: proxy}\ndefault: p\n"
                + "profiles: {p: {kernel: k, initrd: i, initramfs: \(dialect.rawValue)}}\n"
            #expect(parse(text).configuration?.profiles.first?.kernel?.initramfs == dialect)
        }
        #expect(parse(base).configuration?.profiles.first?.kernel?.initramfs == nil)
    }

    @Test(
        "What is wrong is told with what would be right",
        arguments: [
            (
                "signing-key: key",
                ":10:14: signing-key: found 'key'; expected a file's whole path, such as"
                    + " /etc/netbootd/signing.key, without '..'"
            ),
            (
                "join: {executable: /srv/}",
                ":10:20: join.executable: found '/srv/'; expected a file's whole path, such as"
                    + " /etc/netbootd/signing.key, without '..'"
            ),
            (
                "join: {back-within: 10s}",
                ":10:21: join.back-within: found '10s'; expected a time such as 90s, 30m, 1h or 1d, from 30s to"
                    + " 86400s"
            ),
            ("join: {back: 1m}", ":10:8: join.back: unknown key; known here: executable, back-within"),
            ("signing_key: /k", ":10:1: signing_key: unknown key; did you mean 'signing-key'?"),
        ])
    func wrong(line: String, message: String) {
        #expect(errors(in: base + line + "\n") == ["netbootd.yaml" + message])
    }

    @Test("A misspelt initramfs is told, and one without a kernel")
    func wrongInitramfs() {
        let start = "interface: eth1\ndhcp: {mode: proxy}\ndefault: p\nprofiles: "
        #expect(
            errors(in: start + "{p: {kernel: k, initramfs: drakut}}\n") == [
                "netbootd.yaml:4:38: profiles.p.initramfs: found 'drakut'; did you mean 'dracut'? (one of"
                    + " initramfs-tools, dracut, alpine, nixos, none)"
            ])
        #expect(
            errors(in: start + "{p: {loader: x, initramfs: dracut}}\n") == [
                "netbootd.yaml:4:38: profiles.p.initramfs: 'initramfs' needs a 'kernel' beside it"
            ])
    }

    private func check(_ change: (inout FakeHost) -> Void) throws -> (words: [String], key: SigningKeyFile?) {
        var host = FakeHost()
        change(&host)
        let text = base + "signing-key: /k\njoin: {executable: /x}\n"
        let report = HostCheck.run(try #require(parse(text).configuration), facts: host)
        let words = report.errors.map(\.description) + report.warnings.map(\.description)
        return (words.map { String($0.trimmingPrefix("netbootd.yaml:")) }, report.selection?.signingKey)
    }

    private static let digits = String(repeating: "ab", count: 32)

    private func file(_ text: String, mode: UInt32 = 0o640) -> HostFile {
        HostFile(bytes: Array(text.utf8), mode: mode)
    }

    @Test("The key must be there, be the private one, and be readable for the servers' user and no stranger")
    func key() throws {
        let good = "netbootd-ed25519-private \(Self.digits)\n"
        let (words, key) = try check { $0.hostFiles = ["/k": file(good), "/x": file("")] }
        #expect(words == [] && key?.bytes == Array(repeating: 0xab, count: 32))
        #expect(
            try check { $0.hostFiles = ["/x": file("")] }.words == [
                "10:14: signing-key: there is no file /k; make it: netbootd keygen --out /k"
            ])
        let unreadable = try check {
            $0.hostFiles = ["/k": file(good), "/x": file("")]
            $0.troubles = ["/k netbootd": EACCES]
        }
        #expect(
            unreadable.words == [
                "10:14: signing-key: the user 'netbootd' cannot read /k, and reads it again at each reload; try:"
                    + " chgrp 900 /k && chmod 640 /k"
            ])
        let open = try check { $0.hostFiles = ["/k": file(good, mode: 0o644), "/x": file("")] }
        #expect(
            open.words == [
                "10:14: signing-key: warning: everybody on this host can read /k, and so sign in the server's"
                    + " name; try: chmod 640 /k"
            ])
        #expect(open.key != nil)
        let otherHalf = "netbootd-ed25519-public \(Self.digits)\n"
        #expect(
            try check { $0.hostFiles = ["/k": file(otherHalf), "/x": file("")] }.words == [
                "10:14: signing-key: /k: this is the public key; expected the private one, without .pub"
            ])
    }

    @Test("A client that is named must be there")
    func executable() throws {
        #expect(
            try check {
                $0.hostFiles = ["/k": file("netbootd-ed25519-private \(Self.digits)")]
            }.words == [
                "11:20: join.executable: the user 'netbootd' cannot read /x: No such file or directory"
            ])
    }
}
