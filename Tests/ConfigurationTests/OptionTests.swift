import BootCore
import Configuration
import Testing

@Suite("DHCP options, byte for byte")
struct OptionTests {
    private func text(_ options: String) -> String {
        "interface: e\ndhcp: {mode: off}\nmachines:\n  - mac: 525400123456\n    options: {\(options)}\n"
    }

    private func options(_ options: String) -> [ExtraDHCPOption]? {
        parse(text(options)).configuration?.machines.first?.dhcpOptions
    }

    private func optionErrors(_ options: String) -> [String] {
        errors(in: text(options)).map { String($0.trimmingPrefix("netbootd.yaml:5:")) }
    }

    @Test(
        "Each kind of value becomes its bytes",
        arguments: [
            ("ip: 10.0.0.1", [10, 0, 0, 1]), ("ip: [10.0.0.1, 192.0.2.7]", [10, 0, 0, 1, 192, 0, 2, 7]),
            ("text: häh", [0x68, 0xc3, 0xa4, 0x68]), ("text: 'yes'", [0x79, 0x65, 0x73]),
            ("hex: 01 04", [1, 4]), ("hex: '0104ff'", [1, 4, 255]), ("hex: 01:0a-Ff", [1, 10, 255]),
            ("u8: 255", [255]), ("u16: 258", [1, 2]), ("u32: 4294967295", [255, 255, 255, 255]),
            ("u32: 1", [0, 0, 0, 1]), ("bool: true", [1]), ("bool: false", [0]),
        ] as [(String, [UInt8])])
    func values(value: String, bytes: [UInt8]) {
        #expect(options("224: {\(value)}") == [ExtraDHCPOption(code: 224, bytes: bytes)])
    }

    @Test(
        "An option has a number, or a name of IANA's registry",
        arguments: [
            ("1", 1), ("254", 254), ("tftp-server-address", 150), ("path-prefix", 210), ("ntp-servers", 42),
            ("'66'", 66), ("bootfile-name", 67),
        ] as [(String, UInt8)])
    func codes(name: String, code: UInt8) {
        #expect(options("\(name): {hex: 00}")?.map(\.code) == [code])
    }

    @Test(
        "What an option may not be",
        arguments: [
            ("300: {u8: 1}", ["15: machines[0].options.300: found '300'; expected \(codeWords)"]),
            ("-1: {u8: 1}", ["15: machines[0].options.-1: found '-1'; expected \(codeWords)"]),
            (
                "tftp-server-adress: {u8: 1}",
                [
                    "15: machines[0].options.tftp-server-adress: found 'tftp-server-adress'; did you mean"
                        + " 'tftp-server-address'? (\(codeWords))"
                ]
            ),
            (
                "51: {u32: 60}",
                ["15: machines[0].options.51: option 51 cannot be set: the key 'lease' does"]
            ),
            (
                "relay-agent-information: {hex: 00}",
                [
                    "15: machines[0].options.relay-agent-information: option 82 cannot be set: only relay"
                        + " agents add it, and they get it back as it was"
                ]
            ),
            ("224: 5", ["20: machines[0].options.224: found '5'; expected \(valueWords)"]),
            ("224: {}", ["20: machines[0].options.224: found a mapping; expected \(valueWords)"]),
            (
                "224: {u8: 1, u16: 1}",
                ["20: machines[0].options.224: found a mapping; expected \(valueWords)"]
            ),
            (
                "224: {u9: 1}",
                ["21: machines[0].options.224.u9: unknown key; did you mean 'u8'?"]
            ),
            (
                "224: {u8: 256}",
                ["25: machines[0].options.224.u8: found '256'; expected a whole number from 0 to 255"]
            ),
            (
                "224: {hex: 0}",
                [
                    "26: machines[0].options.224.hex: found '0'; expected pairs of hexadecimal digits,"
                        + " such as 01 04 ff"
                ]
            ),
            ("224: {ip: []}", ["25: machines[0].options.224.ip: an option needs at least one byte"]),
            (
                "66: {text: a}, server-name: {text: b}",
                ["30: machines[0].options.server-name: option 66 is there already, at line 5, column 15"]
            ),
        ] as [(String, [String])])
    func wrongValues(text: String, words: [String]) { #expect(optionErrors(text) == words) }

    @Test("The options that the server owns are refused, each with its reason")
    func ownedOptions() {
        for code in [0, 50, 51, 52, 53, 54, 55, 57, 61, 82, 255] {
            let words = optionErrors("\(code): {u8: 1}")
            #expect(words.count == 1 && words[0].contains("option \(code) cannot be set: "), "\(words)")
        }
    }

    @Test("An option holds at most 255 bytes")
    func length() {
        let longest = String(repeating: "x", count: 255)
        #expect(options("224: {text: \(longest)}")?.first?.bytes.count == 255)
        #expect(
            optionErrors("224: {text: \(longest)x}") == [
                "27: machines[0].options.224.text: this takes 256 bytes; a DHCP option holds at most 255"
            ])
    }
}

private let codeWords = "an option's number from 1 to 254, or its name, such as tftp-server-address"
private let valueWords =
    "exactly one of {ip: …}, {text: …}, {hex: …}, {u8: …}, {u16: …}, {u32: …}, {bool: …}"
