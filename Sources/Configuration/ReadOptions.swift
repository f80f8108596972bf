internal import BootCore
internal import Wire

/// `options`: DHCP options byte for byte.
extension ConfigurationReader {
    private enum ValueKey: String, ConfigurationKey { case ip, text, hex, u8, u16, u32, bool }

    /// - Returns: in the file's order.
    func readOptions(_ cursor: Cursor) -> [ExtraDHCPOption] {
        var places: [UInt8: SourcePlace] = [:]
        var options: [ExtraDHCPOption] = []
        for (key, name, value) in cursor.entries() ?? [] {
            let bytes = readOptionValue(value)
            guard let code = Self.optionCode(name) else {
                let suggestion = findings.suggestion(for: name, among: OptionNames.table.map(\.name))
                key.report(
                    .unexpected(.text(name, isQuoted: false), expected: .optionCode, suggestion: suggestion))
                continue
            }
            if let owner = OptionNames.owner(of: code) {
                key.report(.ownedOption(code, owner))
                continue
            }
            // A number and a name may mean the same option.
            if let first = places[code] { key.report(.duplicate("option \(code)", first: first)) }
            places[code] = key.node.start
            if let bytes { options.append(ExtraDHCPOption(code: code, bytes: bytes)) }
        }
        return options
    }

    private static func optionCode(_ name: String) -> UInt8? {
        Int(decimal: name).flatMap { UInt8(exactly: $0) } ?? OptionNames.table.first { $0.name == name }?.code
    }

    private func readOptionValue(_ cursor: Cursor) -> [UInt8]? {
        guard case .mapping = cursor.node.content else { return cursor.refuse(.optionValue) }
        guard let fields = cursor.fields(ValueKey.self) else { return nil }
        guard fields.values.count == 1, let (key, value) = fields.values.first else {
            // An unknown key has been reported already.
            if fields.values.count > 1 || fields.isEmpty { return cursor.refuse(.optionValue) }
            return nil
        }
        guard let bytes = bytes(of: value, as: key) else { return nil }
        if bytes.isEmpty { value.report(.emptyOption) }
        value.checkOption(byteCount: bytes.count)
        return (1...255).contains(bytes.count) ? bytes : nil
    }

    private func bytes(of value: Cursor, as key: ValueKey) -> [UInt8]? {
        switch key {
        case .ip: value.addresses().flatMap(\.bytes)
        case .text: value.text(.lineOfText).map { Array($0.utf8) }
        case .hex: value.parsed(.hexadecimal, Self.hexadecimal)
        case .u8: value.number(0...0xff).map { Self.bigEndian($0, count: 1) }
        case .u16: value.number(0...0xffff).map { Self.bigEndian($0, count: 2) }
        case .u32: value.number(0...0xffff_ffff).map { Self.bigEndian($0, count: 4) }
        case .bool: value.truth().map { [$0 ? 1 : 0] }
        }
    }

    /// Pairs of digits, with or without spaces, colons or hyphens between bytes.
    private static func hexadecimal(_ text: String) -> [UInt8]? {
        let separators: Set<Character> = [" ", ":", "-"]
        let groups = text.split { separators.contains($0) }
        var bytes: [UInt8] = []
        for group in groups {
            guard let part = hexadecimalBytes(group) else { return nil }
            bytes += part
        }
        return groups.isEmpty ? nil : bytes
    }

    private static func bigEndian(_ value: Int, count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - $0))) }
    }
}

extension Cursor {
    /// Reports what does not fit one DHCP option.
    func checkOption(byteCount: Int) {
        if byteCount > 255 { report(.optionTooLong(byteCount: byteCount)) }
    }
}

/// DHCP options by the names of IANA's registry.
enum OptionNames {
    /// Why the server does not let the configuration set this option.
    static func owner(of code: UInt8) -> OptionOwner? {
        switch code {
        case 0, 52, 255: .encoding
        case 53, 54: .protocolItself
        case 50, 55, 57, 61: .client
        case 82: .relay
        case 51: .leaseKey
        default: nil
        }
    }

    static let table: [(name: String, code: UInt8)] = [
        ("subnet-mask", 1), ("time-offset", 2), ("router", 3), ("time-server", 4), ("name-server", 5),
        ("domain-server", 6), ("log-server", 7), ("lpr-server", 9), ("hostname", 12),
        ("boot-file-size", 13), ("domain-name", 15), ("root-path", 17), ("extension-file", 18),
        ("mtu-interface", 26), ("broadcast-address", 28), ("static-route", 33), ("nis-domain", 40),
        ("nis-servers", 41), ("ntp-servers", 42), ("vendor-specific", 43), ("netbios-name-srv", 44),
        ("netbios-node-type", 46), ("x-window-manager", 49), ("address-request", 50), ("address-time", 51),
        ("overload", 52), ("dhcp-msg-type", 53), ("dhcp-server-id", 54), ("parameter-list", 55),
        ("dhcp-message", 56), ("dhcp-max-msg-size", 57), ("renewal-time", 58), ("rebinding-time", 59),
        ("class-id", 60), ("client-id", 61), ("server-name", 66), ("tftp-server-name", 66),
        ("bootfile-name", 67), ("smtp-server", 69), ("pop3-server", 70), ("user-class", 77),
        ("relay-agent-information", 82), ("pcode", 100), ("tcode", 101), ("ipv6-only-preferred", 108),
        ("captive-portal", 114), ("domain-search", 119), ("sip-servers", 120),
        ("classless-static-route", 121), ("vi-vendor-specific", 125), ("tftp-server-address", 150),
        ("configuration-file", 209), ("path-prefix", 210), ("reboot-time", 211), ("wpad", 252),
    ]
}
