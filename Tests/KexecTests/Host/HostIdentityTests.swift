import Testing
import Wire

@testable import Kexec

@Suite("Who this host is")
struct HostIdentityTests {
    @Test("It says what its firmware would say, the uplink's MAC first")
    func identity() throws {
        let host = try FakeHost()
        try host.card("eth0", index: 2, mac: "52:54:00:00:00:0a")
        try host.card("eth1", index: 3, mac: "52:54:00:00:00:0b")
        try host.link("br0", index: 4, mac: "52:54:00:00:00:ff", type: "bridge")
        try host.write("/sys/class/dmi/id/product_uuid", "12345678-9abc-def0-1234-56789abcdef0")
        try host.write("/sys/class/dmi/id/product_serial", "S-42")
        try host.write("/sys/class/dmi/id/chassis_asset_tag", "To Be Filled By O.E.M.")
        try host.write("/sys/firmware/efi/fw_platform_size", "64")
        try host.write("/proc/sys/kernel/hostname", "node1")
        let uplink = try Uplink.find(
            to: nil, route: ServerRoute(interface: "eth1"), in: host.network(), files: host.files)
        let identity = HostIdentity.read(
            uplink: uplink, network: host.network(), machine: "aarch64", files: host.files)
        #expect(
            identity
                == HostIdentity(
                    macs: [MACAddress(rawValue: 0x5254_0000_000b), MACAddress(rawValue: 0x5254_0000_000a)],
                    uuid: SystemUUID("12345678-9abc-def0-1234-56789abcdef0"), serial: "S-42",
                    architecture: "arm64",
                    platform: "efi", hostname: "node1"))
    }

    @Test("What cannot be read is named, and a UUID of zeros is none")
    func unreadable() throws {
        let host = try FakeHost()
        // A folder in its place cannot be read either, not even by root.
        try host.write("/sys/class/dmi/id/product_serial/x", "")
        try host.write("/sys/class/dmi/id/product_uuid", "00000000-0000-0000-0000-000000000000")
        let identity = HostIdentity.read(
            uplink: nil, network: host.network(), machine: "x86_64", files: host.files)
        #expect(identity.unreadable == ["/sys/class/dmi/id/product_serial"])
        #expect(identity.uuid == nil && identity.platform == "pcbios" && identity.macs.isEmpty)
    }

    @Test(
        "Fields that a maker did not fill in are nothing",
        arguments: [
            ("To be filled by O.E.M.", true), ("Default string", true), ("0000000000", true), ("....", true),
            ("", true), ("N/A", true), ("System Serial Number", true), ("S-42", false), ("111", false),
            ("7783-7084-3265-9085-8269-3286-77", false),
        ])
    func placeholders(text: String, isPlaceholder: Bool) {
        #expect(HostIdentity.isPlaceholder(text) == isPlaceholder)
    }
}
