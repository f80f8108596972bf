import BootCore
import Testing

@Suite("Architectures")
struct ClientArchitectureTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var code: UInt16
        var platform: Platform
        var transport: BootTransport

        init(_ code: UInt16, _ platform: Platform, _ transport: BootTransport) {
            self.code = code
            self.platform = platform
            self.transport = transport
        }

        var testDescription: String { "\(code) is \(platform.rawValue) over \(transport)" }
    }

    @Test(
        "Each code of option 93 means one platform and one way to fetch",
        arguments: [
            Row(0, .bios, .tftp), Row(6, .uefiIA32, .tftp), Row(7, .uefiX64, .tftp), Row(9, .uefiX64, .tftp),
            Row(10, .uefiARM32, .tftp), Row(11, .uefiARM64, .tftp), Row(15, .uefiIA32, .http),
            Row(16, .uefiX64, .http), Row(17, .uefiX64, .http), Row(18, .uefiARM32, .http),
            Row(19, .uefiARM64, .http), Row(20, .bios, .http), Row(21, .ubootARM32, .tftp),
            Row(22, .ubootARM64, .tftp), Row(23, .ubootARM32, .http), Row(24, .ubootARM64, .http),
            Row(25, .uefiRISCV32, .tftp), Row(26, .uefiRISCV32, .http), Row(27, .uefiRISCV64, .tftp),
            Row(28, .uefiRISCV64, .http), Row(39, .uefiLoong64, .tftp), Row(40, .uefiLoong64, .http),
            Row(41, .raspberryPi, .tftp),
        ])
    func known(row: Row) {
        let architecture = ClientArchitecture(rawValue: row.code)
        #expect(architecture.platform == row.platform)
        #expect(architecture.transport == row.transport)
    }

    @Test(
        "Codes without a boot program of today have neither",
        arguments: [1, 2, 3, 4, 5, 8, 12, 13, 14, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 42, 0xffff]
            as [UInt16])
    func unknown(code: UInt16) {
        #expect(ClientArchitecture(rawValue: code).platform == nil)
        #expect(ClientArchitecture(rawValue: code).transport == nil)
    }

    @Test(
        "iPXE's own words name the same platforms",
        arguments: [
            ("pcbios", "i386", Platform.bios), ("pcbios", "x86_64", .bios), ("pcbios", "", .bios),
            ("efi", "i386", .uefiIA32), ("efi", "x86_64", .uefiX64), ("efi", "arm32", .uefiARM32),
            ("efi", "arm64", .uefiARM64), ("efi", "riscv32", .uefiRISCV32), ("efi", "riscv64", .uefiRISCV64),
            ("efi", "loong64", .uefiLoong64),
        ])
    func ipxeNames(platform: String, architecture: String, expected: Platform) {
        #expect(Platform(ipxePlatform: platform, buildArchitecture: architecture) == expected)
    }

    @Test(
        "Other words are no platform", arguments: [("efi", ""), ("", "x86_64"), ("EFI", "x86_64"), ("", "")])
    func otherNames(platform: String, architecture: String) {
        #expect(Platform(ipxePlatform: platform, buildArchitecture: architecture) == nil)
    }

    @Test("Every platform is UEFI by its name or not at all", arguments: Platform.allCases)
    func uefi(platform: Platform) { #expect(platform.isUEFI == platform.rawValue.hasPrefix("uefi-")) }
}
