/// What kind of boot program a machine can run: its processor and its firmware.
///
/// The raw value is the name in the configuration (`arch: uefi-x64`).
public enum Platform: String, CaseIterable, Sendable {
    case bios
    case uefiIA32 = "uefi-ia32"
    case uefiX64 = "uefi-x64"
    case uefiARM32 = "uefi-arm32"
    case uefiARM64 = "uefi-arm64"
    case uefiRISCV32 = "uefi-riscv32"
    case uefiRISCV64 = "uefi-riscv64"
    case uefiLoong64 = "uefi-loong64"
    case ubootARM32 = "uboot-arm32"
    case ubootARM64 = "uboot-arm64"
    case raspberryPi = "raspberry-pi"

    public var isUEFI: Bool {
        switch self {
        case .uefiIA32, .uefiX64, .uefiARM32, .uefiARM64, .uefiRISCV32, .uefiRISCV64, .uefiLoong64: true
        case .bios, .ubootARM32, .ubootARM64, .raspberryPi: false
        }
    }

    /// From what iPXE says of itself: `${platform}` is `pcbios` or `efi`, `${buildarch}` the processor it was
    /// compiled for.
    public init?(ipxePlatform: String, buildArchitecture: String) {
        switch (ipxePlatform, buildArchitecture) {
        case ("pcbios", _): self = .bios
        case ("efi", "i386"): self = .uefiIA32
        case ("efi", "x86_64"): self = .uefiX64
        case ("efi", "arm32"): self = .uefiARM32
        case ("efi", "arm64"): self = .uefiARM64
        case ("efi", "riscv32"): self = .uefiRISCV32
        case ("efi", "riscv64"): self = .uefiRISCV64
        case ("efi", "loong64"): self = .uefiLoong64
        default: return nil
        }
    }

    /// What iPXE says of itself on such a machine; the BIOS builds that distributions ship are `i386`.
    var ipxeNames: (platform: String, buildArchitecture: String)? {
        switch self {
        case .bios: ("pcbios", "i386")
        case .uefiIA32: ("efi", "i386")
        case .uefiX64: ("efi", "x86_64")
        case .uefiARM32: ("efi", "arm32")
        case .uefiARM64: ("efi", "arm64")
        case .uefiRISCV32: ("efi", "riscv32")
        case .uefiRISCV64: ("efi", "riscv64")
        case .uefiLoong64: ("efi", "loong64")
        case .ubootARM32, .ubootARM64, .raspberryPi: nil
        }
    }
}

/// How firmware fetches its first program.
public enum BootTransport: Sendable {
    case tftp
    case http
}

/// A client system architecture, as option 93 carries it (RFC 4578 §2.1, IANA's processor architecture types).
public struct ClientArchitecture: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Nil for codes for which there is no boot program (PC-98, Itanium, PowerPC and so on).
    public var platform: Platform? { Self.table.first { $0.code == rawValue }?.platform }

    /// Nil where `platform` is nil.
    public var transport: BootTransport? { Self.table.first { $0.code == rawValue }?.transport }

    /// Codes 7 and 9 changed places between RFC 4578's print and its erratum; firmware of both kinds is out
    /// there, and both mean x86-64.
    static let table: [(code: UInt16, platform: Platform, transport: BootTransport)] = [
        (0, .bios, .tftp),
        (6, .uefiIA32, .tftp),
        (7, .uefiX64, .tftp),
        (9, .uefiX64, .tftp),
        (10, .uefiARM32, .tftp),
        (11, .uefiARM64, .tftp),
        (15, .uefiIA32, .http),
        (16, .uefiX64, .http),
        (17, .uefiX64, .http),
        (18, .uefiARM32, .http),
        (19, .uefiARM64, .http),
        (20, .bios, .http),
        (21, .ubootARM32, .tftp),
        (22, .ubootARM64, .tftp),
        (23, .ubootARM32, .http),
        (24, .ubootARM64, .http),
        (25, .uefiRISCV32, .tftp),
        (26, .uefiRISCV32, .http),
        (27, .uefiRISCV64, .tftp),
        (28, .uefiRISCV64, .http),
        (39, .uefiLoong64, .tftp),
        (40, .uefiLoong64, .http),
        (41, .raspberryPi, .tftp),
    ]
}
