import Wire

/// Option values with a form of their own.
enum OptionEncoding {
    /// A list of domain names as DNS writes them, without compression (option 119, RFC 3397); nil when one is
    /// no domain name or the list does not fit one option.
    static func domainSearch(_ domains: [String]) -> [UInt8]? {
        var writer = ByteWriter()
        for domain in domains {
            for label in domain.split(separator: ".") {
                guard (1...63).contains(label.utf8.count) else { return nil }
                writer.write(UInt8(label.utf8.count))
                writer.write(label.utf8)
            }
            writer.write(UInt8(0))
        }
        return (1...DHCPOptionList.maximumValueBytes).contains(writer.count) ? writer.bytes : nil
    }

    /// Classless static routes (option 121, RFC 3442), the default route among them because a client that
    /// takes this option is to ignore option 3; nil when there are none, or more than fit.
    static func classlessRoutes(_ routes: [DHCPSubnet.StaticRoute], defaultRouter: IPv4Address?) -> [UInt8]? {
        guard !routes.isEmpty else { return nil }
        var writer = ByteWriter()
        for route in routes {
            let significantBytes = (route.destination.prefixLength + 7) / 8
            writer.write(UInt8(route.destination.prefixLength))
            writer.write(route.destination.address.bytes.prefix(significantBytes))
            writer.write(route.router)
        }
        if let defaultRouter, !routes.contains(where: { $0.destination.prefixLength == 0 }) {
            writer.write(UInt8(0))
            writer.write(defaultRouter)
        }
        return writer.count <= DHCPOptionList.maximumValueBytes ? writer.bytes : nil
    }

    /// A text of 1 to 255 bytes; nil otherwise.
    static func text(_ text: String?) -> [UInt8]? {
        guard let text, (1...DHCPOptionList.maximumValueBytes).contains(text.utf8.count) else { return nil }
        return Array(text.utf8)
    }
}
