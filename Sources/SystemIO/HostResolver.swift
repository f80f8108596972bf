import CLinux
public import Wire

extension IPAddress {
    /// What this host's resolver (`/etc/hosts`, DNS) says of a name; none when it does not know it.
    public static func resolved(_ name: String) -> [IPAddress] {
        var ends = [netbootd_ends](repeating: netbootd_ends(), count: 16)
        let count = unsafe netbootd_resolve_host(name, &ends, CInt(ends.count))
        return ends.prefix(max(0, Int(count))).map { SocketEnds($0).peer }
    }
}
