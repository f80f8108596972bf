import Wire

/// Options by name. Each is nil when it is missing or has a shape that its RFC does not give it.
extension DHCPMessage {
    var messageType: DHCPMessageType? {
        self[.messageType].flatMap { $0.count == 1 ? $0.first : nil }.map(DHCPMessageType.init)
    }

    var requestedAddress: IPv4Address? { address(.requestedAddress) }

    var serverIdentifier: IPv4Address? { address(.serverIdentifier) }

    /// RFC 3011.
    var subnetSelection: IPv4Address? { address(.subnetSelection) }

    /// What the client asks for; nil when it has no list, and so takes all there is.
    var parameterRequestList: DHCPOptionSet? { self[.parameterRequestList].map { DHCPOptionSet($0) } }

    /// At least two bytes (RFC 2132 §9.14).
    var clientIdentifier: ArraySlice<UInt8>? { self[.clientIdentifier].flatMap { $0.count >= 2 ? $0 : nil } }

    /// The largest IP datagram that the client takes.
    var maximumMessageSize: Int? {
        self[.maximumMessageSize].flatMap { $0.count == 2 ? Int(Self.number($0)) : nil }
    }

    var hasBroadcastFlag: Bool { flags & Self.broadcastFlag != 0 }

    /// Option 12, where it is a name that can stand in logs, scripts and DNS.
    var hostname: String? { self[.hostname].flatMap { Hostname.validated($0) } }

    /// Option 93, in the client's order of preference.
    var clientArchitectures: [UInt16] {
        guard let list = self[.clientArchitecture], list.count % 2 == 0 else { return [] }
        return stride(from: list.startIndex, to: list.endIndex, by: 2).map {
            UInt16(list[$0]) << 8 | UInt16(list[$0 + 1])
        }
    }

    /// Option 97 of type 0. Boards without a UUID send zeros or ones.
    var machineUUID: SystemUUID? {
        guard let bytes = self[.clientMachineIdentifier], bytes.count == 17, bytes.first == 0,
            let uuid = SystemUUID(wireBytes: Array(bytes.dropFirst())), !uuid.isMeaningless
        else { return nil }
        return uuid
    }

    func vendorClassStarts(with prefix: StaticString) -> Bool {
        guard let bytes = self[.vendorClass], bytes.count >= prefix.utf8CodeUnitCount else { return false }
        return unsafe bytes.starts(
            with: UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount))
    }

    /// The architecture in option 60's text, `PXEClient:Arch:00007:UNDI:003016`.
    var vendorClassArchitecture: UInt16? {
        guard let bytes = self[.vendorClass] else { return nil }
        let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard let label = parts.firstIndex(where: { $0.elementsEqual("Arch".utf8) }), label + 1 < parts.count
        else { return nil }
        let digits = parts[label + 1]
        guard (1...5).contains(digits.count),
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return UInt16(exactly: digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) })
    }

    /// Whether option 77 names `name`: as a list of classes (RFC 3004) if its lengths add up, else as it stands.
    ///
    /// iPXE sends its four letters bare; others that imitate it put a length before them.
    func userClass(is name: String) -> Bool {
        guard let bytes = self[.userClass] else { return false }
        var rest = bytes
        var found = false
        while let length = rest.first, rest.count > Int(length), length > 0 {
            found = found || rest.dropFirst().prefix(Int(length)).elementsEqual(name.utf8)
            rest = rest.dropFirst(1 + Int(length))
        }
        return rest.isEmpty ? found : bytes.elementsEqual(name.utf8)
    }

    /// Option 175.
    var etherboot: EncapsulatedOptions? { self[.etherboot].map { EncapsulatedOptions($0, hasPadding: true) } }

    /// The item that was chosen from a PXE menu, with its layer (43.71).
    var bootItem: ArraySlice<UInt8>? {
        self[.vendorInformation].flatMap { EncapsulatedOptions($0, hasPadding: true)[71] }
            .flatMap { $0.count == 4 ? $0 : nil }
    }

    /// Option 82.
    var relayInformation: EncapsulatedOptions? {
        self[.relayInformation].map { EncapsulatedOptions($0, hasPadding: false) }
    }

    /// The subnet for which the relay asks (82.5, RFC 3527).
    var relayLinkSelection: IPv4Address? { relaySuboption(5) }

    /// The server identifier that the relay wants the client to see (82.11, RFC 5107).
    var relayServerIdentifierOverride: IPv4Address? { relaySuboption(11) }

    /// The relay wants its answer at the port it asked from (82.19, RFC 8357).
    var relayAnswersAtSourcePort: Bool { relayInformation?[19] != nil }

    /// Only a relay's word counts: a client that writes option 82 itself has no address in `giaddr`.
    private func relaySuboption(_ code: UInt8) -> IPv4Address? {
        guard relayAddress != .any else { return nil }
        return relayInformation?[code].flatMap { IPv4Address(bytes: $0) }.flatMap { $0 == .any ? nil : $0 }
    }

    private func address(_ code: DHCPOptionCode) -> IPv4Address? {
        self[code].flatMap { $0.count == 4 ? IPv4Address(rawValue: Self.number($0)) : nil }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }
}

/// Names of hosts (RFC 952, RFC 1123), with the underscores that are out there.
enum Hostname {
    /// The name, without the NUL that some clients end it with; nil when it is no host's name.
    static func validated(_ bytes: ArraySlice<UInt8>) -> String? {
        let name = bytes.last == 0 ? bytes.dropLast() : bytes
        guard (1...253).contains(name.count),
            name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy(isLabel)
        else { return nil }
        return String(decoding: name, as: UTF8.self)
    }

    private static func isLabel(_ label: ArraySlice<UInt8>) -> Bool {
        (1...63).contains(label.count) && label.first != UInt8(ascii: "-")
            && label.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
