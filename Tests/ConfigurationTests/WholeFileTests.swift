import BootCore
import Configuration
import DHCPServer
import Testing

@Suite("Whole files: the sample, all errors at once, and damage of every kind")
struct WholeFileTests {
    @Test("The sample that comes with netbootd is right")
    func sample() throws {
        let report = DeploymentConfiguration.parse(try repositoryFile("etc/netbootd.yaml"), file: "sample")
        #expect(report.errors == [])
        #expect(report.warnings == [])
        let configuration = try #require(report.configuration)
        #expect(configuration.defaultTarget == .menu)
        // Nothing in it needs a file that a fresh installation does not have.
        #expect(configuration.profiles.allSatisfy { $0.kernel?.kernel.hasPrefix("http://") == true })
    }

    @Test("With all its comments taken away, the sample is right as well")
    func uncommentedSample() throws {
        let text = String(decoding: try repositoryFile("etc/netbootd.yaml"), as: UTF8.self)
        // Two spaces behind the mark are an example's indentation; prose has one.
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
            let indent = line.prefix { $0 == " " }
            let rest = line.dropFirst(indent.count)
            guard rest.hasPrefix("# "), rest.contains(": ") || rest.hasSuffix(":") || rest.hasPrefix("#   - ")
            else { return String(line) }
            let isKey = rest.dropFirst(2).drop { $0 == " " || $0 == "-" }.prefix { $0 != ":" }
                .allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" || $0 == "{" }
            return isKey ? String(indent + rest.dropFirst(2)) : String(line)
        }
        let report = parse(lines.joined(separator: "\n"))
        #expect(report.errors == [])
        let configuration = try #require(report.configuration)
        #expect(configuration.profiles.count == 3 && configuration.machines.count == 1)
        #expect(configuration.rules.count == 1 && configuration.loaders.count == 2)
        #expect(configuration.dhcp.subnets.first?.options.count == 2)
        // What the comments call a default is one.
        let plain = try #require(parse(base).configuration)
        #expect(configuration.tftp == plain.tftp && configuration.http == plain.http)
        #expect(configuration.localBoot == plain.localBoot && configuration.menuTimeout == plain.menuTimeout)
        #expect(configuration.ignoresUnknown == plain.ignoresUnknown && configuration.user == plain.user)
        #expect(configuration.dhcp.authoritative == plain.dhcp.authoritative)
        #expect(configuration.allLoaders == plain.allLoaders)
        #expect(configuration.join.backWithin == plain.join.backWithin)
    }

    @Test("Everything that is wrong is told at once, in the file's order")
    func allAtOnce() {
        let text = """
            interfase: eth1
            files: srv
            dhcp:
              mode: server
              subnets:
                - subnet: 10.0.0.0/24
                  range: 10.0.1.100-10.0.1.199
                  leese: 1h
                  lease: 3600
            profiles:
              live:
                kernel: live/vmlinuz
                cmdline: root={htpt}/x
              live:
                kernel: other
            machines:
              - mac: 52:54:00:12:34:5
                profile: life
              - hostname: node2
            default: lve
            unknown: maybe
            """
        #expect(
            errors(in: text) == [
                "netbootd.yaml:1:1: interfase: unknown key; did you mean 'interface'?",
                "netbootd.yaml:2:8: files: found 'srv'; expected a folder's whole path, such as /srv/netboot,"
                    + " without '..'",
                "netbootd.yaml:7:14: dhcp.subnets[0].range: 10.0.1.100-10.0.1.199 is not in 10.0.0.0/24",
                "netbootd.yaml:8:7: dhcp.subnets[0].leese: unknown key; did you mean 'lease'?",
                "netbootd.yaml:9:14: dhcp.subnets[0].lease: found 3600 without a unit; write 3600s for"
                    + " seconds, or use m, h or d",
                "netbootd.yaml:13:19: profiles.live.cmdline: unknown placeholder '{htpt}'; did you mean"
                    + " 'http'?",
                "netbootd.yaml:14:3: the key 'live' is there already, at line 11, column 3",
                "netbootd.yaml:17:10: machines[0].mac: found '52:54:00:12:34:5'; expected a machine's MAC"
                    + " address, such as 52:54:00:12:34:56",
                "netbootd.yaml:18:14: machines[0].profile: there is no profile 'life'; did you mean 'live'?",
                "netbootd.yaml:19:5: machines[1]: a machine needs 'mac' or 'uuid' to be known by",
                "netbootd.yaml:20:10: default: there is no profile 'lve'; did you mean 'live'?",
                "netbootd.yaml:21:10: unknown: found 'maybe'; expected one of default, ignore",
            ])
        #expect(parse(text).configuration == nil)
    }

    @Test(
        "A file that is no YAML says where and why",
        arguments: [
            (
                "a: [1\nb: 2\n",
                "2:2: not valid YAML: did not find expected ',' or ']', while parsing a flow"
                    + " sequence that begins at line 1, column 4"
            ),
            ("a:\n\tb: 1\n", "2:1: a tab stands where YAML takes spaces alone"),
            ("a: &x 1\n", "1:4: anchors (&name) are not supported; write the value out where it is used"),
            ("a: 1\n---\nb: 1\n", "2:1: a second document begins here; a configuration is a single one"),
            ("a: 1\u{1}\n", "1:5: the control character 1 cannot stand in YAML"),
        ])
    func yamlWords(text: String, words: String) {
        #expect(errors(in: text).first(where: { $0.contains(words.prefix(20)) }) == "netbootd.yaml:" + words)
    }

    @Test("What the file says cannot steer the terminal that shows its errors")
    func controlCharacters() {
        let words = errors(in: "interface: \"e\\e[31m\\x9b\"\ndhcp: {mode: off}\n")
        #expect(words.count == 1)
        #expect(
            words.allSatisfy { $0.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control } })
    }

    @Test("A file is read from its path; one that cannot be read says so")
    func load() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/netbootd.yaml"
        #expect(
            DeploymentConfiguration.load(path: path).errors.map(\.description) == [
                "\(path): cannot be read: No such file or directory"
            ])
        #expect(
            DeploymentConfiguration.load(path: folder.path).errors.map(\.description) == [
                "\(folder.path): cannot be read: Is a directory"
            ])
        try folder.write(base, to: "netbootd.yaml")
        let report = DeploymentConfiguration.load(path: path)
        #expect(report.errors == [] && report.configuration?.interface == "eth1")
    }

    @Test("Ten thousand machines are read, and ten thousand errors told", arguments: [true, false])
    func manyMachines(isRight: Bool) {
        var text = base + "machines:\n"
        for number in 0..<10_000 {
            let mac = String(0x5254_0000_0000 + number, radix: 16)
            text += "  - {mac: \(mac), hostname: n\(number), profile: \(isRight ? "live" : "p\(number)")}\n"
        }
        let report = parse(text)
        #expect(report.configuration?.machines.count == (isRight ? 10_000 : nil))
        #expect(report.errors.count == (isRight ? 0 : 10_000))
        #expect(report.errors.last?.place?.line == (isRight ? nil : 10_010))
    }

    @Test("Every beginning of the sample is read without harm")
    func prefixes() throws {
        let bytes = try repositoryFile("etc/netbootd.yaml")
        for count in bytes.indices {
            let report = DeploymentConfiguration.parse(Array(bytes.prefix(count)), file: "f")
            #expect((report.configuration == nil) == !report.errors.isEmpty)
        }
    }

    @Test("20,000 damaged files are read without harm, and each error has its words")
    func mutations() throws {
        let sources = [try repositoryFile("etc/netbootd.yaml"), Array(ExampleTests.text.utf8)]
        var generator = SeededGenerator(seed: 17)
        for round in 0..<20_000 {
            var bytes = sources[round % 10 == 0 ? 0 : 1]
            for _ in 0...Int.random(in: 0..<4, using: &generator) { damage(&bytes, using: &generator) }
            let report = DeploymentConfiguration.parse(bytes, file: "f")
            #expect((report.configuration == nil) == !report.errors.isEmpty)
            #expect(report.errors.allSatisfy { $0.description.hasPrefix("f:") })
        }
    }

    private func damage(_ bytes: inout [UInt8], using generator: inout SeededGenerator) {
        let pieces = [
            "\n", ":", "{", "}", "[", "]", "'", "\"", "&a", "*a", "!t", "- ", "---\n", "\t", "# ", "? ",
            "|\n", "~",
            "{http}", "${", "9999999999", "-1", "0.0.0.0/0", "255.255.255.255", "menu", "local", "\u{e9}",
            "\0",
        ]
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 1:
            let end = min(bytes.count - 1, place + Int.random(in: 1..<30, using: &generator))
            bytes.removeSubrange(place..<end)
        case 2, 3:
            bytes.insert(contentsOf: pieces.randomElement(using: &generator)?.utf8 ?? "".utf8, at: place)
        default:
            let end = min(bytes.count, place + Int.random(in: 1..<60, using: &generator))
            let other = Int.random(in: 0..<bytes.count, using: &generator)
            bytes.insert(contentsOf: Array(bytes[place..<end]), at: other)
        }
    }
}
