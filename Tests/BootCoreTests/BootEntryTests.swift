import BootCore
import Testing
import Wire

@Suite("Entries, as one machine gets them")
struct BootEntryTests {
    private func commandLine(
        _ template: String, for machine: Machine, vars: [String: String] = [:], machines: [KnownMachine] = []
    ) throws -> String? {
        let profile = try Profile.kernel("a", commandLine: template, vars: vars)
        let policy = BootPolicy(profiles: [profile], machines: machines, defaultTarget: .profile("a"))
        guard case .boot(let resolved) = policy.entry(for: machine, from: location),
            case .kernel(_, _, let commandLine) = resolved.start
        else { return nil }
        return commandLine
    }

    @Test(
        "Every placeholder has the machine's value",
        arguments: [
            ("{MAC}", "52:54:00:00:00:AB"), ("{mac}", "52:54:00:00:00:ab"),
            ("{mac-hyphen}", "52-54-00-00-00-ab"),
            ("{UUID}", "12345678-9ABC-DEF0-1122-334455667788"),
            ("{uuid}", "12345678-9abc-def0-1122-334455667788"), ("{ip}", "10.0.0.9"), ("{hostname}", "node1"),
            ("{serial}", "S-1"), ("{arch}", "uefi-x64"), ("{server}", "10.0.0.1"),
            ("{http}", "http://10.0.0.1"),
            ("{site}", "lab"), ("{role}", "web"), ("${net0/mac}", "${net0/mac}"),
        ])
    func placeholders(template: String, value: String) throws {
        let machine = Machine(
            mac: mac(0xab), uuid: SystemUUID("12345678-9abc-def0-1122-334455667788"), serial: "S-1",
            platform: .uefiX64, hostname: "mallory", address: IPv4Address(10, 0, 0, 9))
        let known = KnownMachine(mac: mac(0xab), hostname: "node1", vars: ["role": "web", "http": "mine"])
        let line = try commandLine(
            template, for: machine, vars: ["site": "lab", "role": "none", "mac": "mine"], machines: [known])
        #expect(line == value)
    }

    @Test("What is not known is nothing")
    func unknownValues() throws {
        #expect(
            try commandLine("a={mac} b={uuid} c={ip} d={hostname}{serial}{arch}.", for: Machine())
                == "a= b= c= d=.")
    }

    @Test(
        "A machine's own words cannot add an argument, a line, an expansion or a command",
        arguments: [
            ("node1 init=/bin/sh", "node1initbinsh"), ("a\nshell", "ashell"), ("${net0/mac}", "net0mac"),
            ("a||reboot", "areboot"), ("\u{0}\u{1b}[2J", "2J"), ("größe", "gre"), ("{http}", "http"),
            ("ok-name.example_1:2+3@4", "ok-name.example_1:2+3@4"),
            (String(repeating: "x", count: 300), String(repeating: "x", count: 64)),
        ])
    func hostile(text: String, harmless: String) throws {
        let machine = Machine(mac: mac(1), serial: text, hostname: text)
        #expect(try commandLine("h={hostname} s={serial}", for: machine) == "h=\(harmless) s=\(harmless)")
    }

    @Test(
        "Paths become URLs with everything encoded that a URL may not hold",
        arguments: [
            ("linux", "http://10.0.0.1/linux"), ("/linux", "http://10.0.0.1/linux"),
            ("a b/ü", "http://10.0.0.1/a%20b/%C3%BC"),
            ("100%", "http://10.0.0.1/100%25"), ("a?b#c", "http://10.0.0.1/a%3Fb%23c"),
            ("${x}", "http://10.0.0.1/$%7Bx%7D"),
            ("https://other/x y", "https://other/x y"),
        ])
    func urls(path: String, url: String) { #expect(location.url(of: path) == url) }
}

@Suite("Who has which address")
struct MachineDirectoryTests {
    private let first = IPv4Address(10, 0, 0, 1)
    private let second = IPv4Address(10, 0, 0, 2)

    @Test("What is told later is added to what is known, and goes before it")
    func merges() {
        let directory = MachineDirectory()
        directory.note(
            Machine(mac: mac(1), serial: "old", platform: .bios, hostname: "node1", address: first))
        directory.note(Machine(serial: "new", stage: .gpxe, address: first))
        #expect(
            directory.machine(at: first)
                == Machine(
                    mac: mac(1), serial: "new", platform: .bios, stage: .gpxe, hostname: "node1",
                    address: first))
        directory.note(Machine(mac: mac(1)))
        #expect(directory.machine(at: first)?.hostname == "node1")
    }

    @Test("Another machine at the same address starts from nothing")
    func replaces() {
        let directory = MachineDirectory()
        directory.note(Machine(mac: mac(1), hostname: "node1", address: first))
        directory.note(Machine(mac: mac(2), address: first))
        #expect(directory.machine(at: first) == Machine(mac: mac(2), address: first))
    }

    @Test("A machine that moves leaves its old address, and nobody else's")
    func moves() {
        let directory = MachineDirectory()
        directory.note(Machine(mac: mac(1), address: first))
        directory.note(Machine(mac: mac(1), address: second))
        #expect(directory.machine(at: first) == nil)
        #expect(directory.machine(at: second)?.mac == mac(1))
        // The address goes to another machine; then the first turns up elsewhere.
        directory.note(Machine(mac: mac(2), address: second))
        directory.note(Machine(mac: mac(1), address: first))
        #expect(directory.machine(at: second)?.mac == mac(2))
        #expect(directory.machine(at: first)?.mac == mac(1))
    }

    @Test("Two UUIDs are two machines, in whichever byte order they are one")
    func uuids() throws {
        let uuid = try #require(SystemUUID("12345678-9abc-def0-1122-334455667788"))
        var machine = Machine(uuid: uuid.swapped)
        machine.fillGaps(from: Machine(uuid: uuid, hostname: "node1"))
        #expect(machine.hostname == "node1")
        let another = try #require(SystemUUID("22345678-9abc-def0-1122-334455667788"))
        var other = Machine(uuid: another)
        other.fillGaps(from: Machine(uuid: uuid, hostname: "node1"))
        #expect(other.hostname == nil)
    }

    @Test("It holds the machines that were seen last, however many come")
    func capacity() {
        let directory = MachineDirectory(capacity: 8)
        for round in 0..<3 {
            for number in 0..<100 {
                directory.note(
                    Machine(
                        mac: MACAddress(rawValue: UInt64(0x5254_0000_0000 + round * 1000 + number)),
                        address: IPv4Address(10, 0, 1, UInt8(number))))
                directory.note(Machine(mac: mac(1), address: first))
            }
        }
        let held = (0..<100).filter { directory.machine(at: IPv4Address(10, 0, 1, UInt8($0))) != nil }
        #expect(held == Array(93..<100))
        #expect(directory.machine(at: first)?.mac == mac(1))
    }
}
