extension GRUBScript {
    /// `blscfg`: Fedora's and Red Hat's GRUB makes a menu entry of each file of the Boot Loader Specification. What
    /// these files say passes through the script, so that `$kernelopts` and its like are put in.
    mutating func addLoaderEntries(_ arguments: [String], at place: MenuPlace) {
        let boot = value(of: "boot")
        let device = device(boot.isEmpty ? value(of: "root") : boot)
        var folders = ["/loader/entries", "/boot/loader/entries"]
        let named = value(of: "blsdir")
        if !named.isEmpty { folders = [named] }
        if let path = arguments.first, path.hasPrefix("/") || path.hasPrefix("(") { folders = [path] }
        var found: [LoaderEntry] = []
        for name in folders where found.isEmpty {
            let folder = name.hasPrefix("(") ? file(name) : FileReference(device: device, path: name)
            found = LoaderEntry.all(in: folder, files: files, notes: &notes)
        }
        for entry in found.sorted(by: { versionOrder($1.id, $0.id) }) where addsEntry(at: entry.place) {
            var commands = entry.kernel.map { "linux \($0) \(entry.options)\n" } ?? ""
            if !entry.initrds.isEmpty { commands += "initrd \(entry.initrds.joined(separator: " "))\n" }
            let (body, errors) = GRUBParser.parse(Array(commands.utf8))
            for error in errors { notes.add(.syntax(expected: error.expected), at: entry.place) }
            definitions.append(
                .entry(
                    title: entry.title, id: entry.id, arguments: [entry.title], body: body, place: entry.place
                ))
        }
    }
}
