import SystemIO
import TestSupport
import Wire

@testable import Kexec

/// A host's `/sys`, `/proc` and `/etc`, in a folder.
struct FakeHost {
    let folder: TemporaryFolder
    var files: HostFiles { HostFiles(root: folder.path) }

    init() throws { folder = try TemporaryFolder() }

    func write(_ path: String, _ text: String) throws {
        try folder.write(String(path.dropFirst()), text + "\n")
    }

    /// A network card.
    func card(_ name: String, index: Int, mac: String, driver: String = "e1000e", carrier: Bool = true) throws
    {
        try link(name, index: index, mac: mac, carrier: carrier)
        try write("/sys/class/net/\(name)/device/vendor", "0x8086")
        folder.link("sys/class/net/\(name)/device/driver", to: "../../../../bus/pci/drivers/\(driver)")
    }

    /// Anything else, which stands on `lowers`.
    func link(
        _ name: String, index: Int, mac: String = "52:54:00:00:00:0a", lowers: [String] = [],
        type: String? = nil,
        hardwareType: Int = 1, carrier: Bool = true
    ) throws {
        let path = "/sys/class/net/\(name)"
        try write(path + "/ifindex", "\(index)")
        try write(path + "/iflink", "\(index)")
        try write(path + "/address", mac)
        try write(path + "/type", "\(hardwareType)")
        try write(path + "/mtu", "1500")
        try write(path + "/flags", "0x1003")
        try write(path + "/carrier", carrier ? "1" : "0")
        try write(path + "/uevent", (type.map { "DEVTYPE=\($0)\n" } ?? "") + "INTERFACE=\(name)")
        for lower in lowers { folder.link("sys/class/net/\(name)/lower_\(lower)", to: "../\(lower)") }
    }

    func network(
        addresses: [LinkAddress] = [], neighbours: [LinkNeighbour] = []
    ) -> HostNetwork {
        HostNetwork(links: HostNetwork.sysfsLinks(files), addresses: addresses, neighbours: neighbours)
    }

    /// Two cards in an active-backup bond, with VLAN 42 on it.
    static func bonded() throws -> FakeHost {
        let host = try FakeHost()
        // Both ports show the address of the first, as bonding does it.
        try host.card("eno1", index: 2, mac: "52:54:00:00:00:0a")
        try host.card("eno2", index: 3, mac: "52:54:00:00:00:0a")
        try host.link("bond0", index: 4, lowers: ["eno1", "eno2"], type: "bond")
        try host.write("/sys/class/net/bond0/bonding/mode", "active-backup 1")
        try host.write("/sys/class/net/bond0/bonding/active_slave", "eno2")
        try host.write("/sys/class/net/bond0/bonding/miimon", "100")
        try host.write(
            "/proc/net/bonding/bond0",
            """
            Ethernet Channel Bonding Driver: v6.1.0-56-amd64

            Bonding Mode: fault-tolerance (active-backup)

            Slave Interface: eno1
            MII Status: up
            Permanent HW addr: 52:54:00:00:00:0a
            Slave queue ID: 0

            Slave Interface: eno2
            MII Status: up
            Permanent HW addr: 52:54:00:00:00:0b
            Slave queue ID: 0
            """)
        try host.link("bond0.42", index: 6, lowers: ["bond0"], type: "vlan")
        try host.write(
            "/proc/net/vlan/config",
            "VLAN Dev name\t | VLAN ID\nName-Type: VLAN_NAME_TYPE_RAW_PLUS_VID_NO_PAD\nbond0.42       | 42  | bond0"
        )
        return host
    }
}

func ip(_ text: String) -> IPAddress { IPAddress(text: text) ?? .v4(.any) }
