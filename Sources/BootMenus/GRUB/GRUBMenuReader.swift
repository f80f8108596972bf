extension BootMenu {
    /// Reads a `grub.cfg` of GRUB 2.
    static func grub(_ file: FileReference, files: any MenuFiles, host: MenuHost) -> BootMenu {
        var script = GRUBScript(files: files, host: host)
        let menu = script.topMenu(file)
        var flat = FlatMenu()
        flat.add(menu.nodes, submenus: [])
        let seconds = menu.timeout.flatMap { Int($0) }
        return BootMenu(
            entries: flat.entries, defaultEntry: flat.index(of: menu.defaultChoice ?? "0", in: menu.nodes),
            timeout: seconds.flatMap { $0 >= 0 && $0 < 1 << 20 ? .seconds($0) : nil }, notes: script.notes.all
        )
    }
}

extension GRUBScript {
    mutating func topMenu(_ file: FileReference) -> GRUBMenu {
        let device = "(\(name(for: file.device)))"
        var variables = [
            "root": name(for: file.device), "prefix": device + file.folder.path,
            "config_file": device + file.path,
            "config_directory": device + file.folder.path, "grub_platform": host.isEFI ? "efi" : "pc",
            "grub_cpu": host.architecture.rawValue,
        ]
        for feature in [
            "chainloader_bpb", "ntldr", "platform_search_hint", "default_font_path", "all_video_module",
            "menuentry_id",
            "menuentry_options", "200_final", "nativedisk_cmd", "timeout_style",
        ] { variables["feature_" + feature] = "y" }
        context.exported.formUnion(variables.keys)
        var menu = menuWithin(named: file.path, variables: variables) { script in
            let place = MenuPlace(file: file.path, line: 1)
            _ = script.source(file, at: place)
        }
        if menu.nodes.isEmpty, let kernel = recipe.kernel {
            // A script that loads without a menu.
            let place = MenuPlace(file: file.path, line: 1)
            menu.nodes = [.entry(entry(title: kernel.name, id: kernel.name, place: place))]
        }
        return menu
    }

    /// Runs what makes up a menu, then the commands of each of its entries, as if it was chosen.
    mutating func menuWithin(
        named file: String, variables: [String: String], _ run: (inout GRUBScript) -> Void
    ) -> GRUBMenu {
        let (outerContext, outerDefinitions) = (context, definitions)
        context = context.forMenuWithin
        context.variables.merge(variables) { _, new in new }
        context.exported.formUnion(variables.keys)
        context.file = file
        definitions = []
        callDepth += 1
        run(&self)
        var menu = GRUBMenu(
            defaultChoice: context.variables["default"], timeout: context.variables["timeout"])
        let ours = definitions
        for definition in ours { menu.nodes += nodes(of: definition) }
        callDepth -= 1
        definitions = outerDefinitions
        let found = context
        context = outerContext
        (context.devices, context.deviceNames) = (found.devices, found.deviceNames)
        return menu
    }

    private mutating func nodes(of definition: GRUBDefinition) -> [GRUBNode] {
        let outer = context
        defer { context = outer }
        switch definition {
        case .finished(let node): return [node]
        case .menu(let title, let id, let arguments, let body, let place):
            guard callDepth < Self.maximumCalls else { return [] }
            let menu = menuWithin(named: place.file, variables: [:]) { script in
                script.context.arguments = arguments
                _ = script.run(body)
            }
            return [.menu(title: title, id: id, menu)]
        case .entry(let title, let id, let arguments, let body, let place):
            context.arguments = arguments
            context.file = place.file
            context.variables["chosen"] = id
            context.variables["default"] = nil
            let (outerRecipe, outerDefinitions) = (recipe, definitions)
            (recipe, definitions) = (GRUBRecipe(), [])
            _ = run(body)
            let opened = definitions
            let choice = context.variables["default"]
            let made = entry(title: title, id: id, place: place)
            (recipe, definitions) = (outerRecipe, outerDefinitions)
            // An entry that opens a configuration is a menu.
            if made.kernel == nil, !opened.isEmpty {
                let inner = opened.flatMap { nodes(of: $0) }
                return [.menu(title: title, id: id, GRUBMenu(nodes: inner, defaultChoice: choice))]
            }
            return [.entry(made)]
        }
    }

    private func entry(title: String, id: String, place: MenuPlace) -> MenuEntry {
        MenuEntry(
            title: title, id: id, kind: recipe.kind, kernel: recipe.kernel, initrds: recipe.initrds,
            commandLine: recipe.commandLine, modules: recipe.modules, place: place,
            unsupported: recipe.unsupported ?? (recipe.kernel == nil ? .noKernel : nil))
    }
}

/// Entries in one row, and where each part of the tree begins in it.
private struct FlatMenu {
    var entries: [MenuEntry] = []

    mutating func add(_ nodes: [GRUBNode], submenus: [String]) {
        for node in nodes {
            switch node {
            case .entry(var entry):
                entry.submenus = submenus
                entries.append(entry)
            case .menu(let title, _, let menu): add(menu.nodes, submenus: submenus + [title])
            }
        }
    }

    /// The entry that `default` names: a number, a title or an id for each level, with `>` between them.
    func index(of choice: String, in nodes: [GRUBNode]) -> Int? {
        guard !entries.isEmpty else { return nil }
        var steps = Self.steps(choice)[...]
        var nodes = nodes
        var index = 0
        while true {
            let step = steps.popFirst() ?? "0"
            let chosen = Self.position(of: step, in: nodes) ?? nodes.firstIndex { $0.entryCount > 0 } ?? 0
            guard chosen < nodes.count else { return min(index, entries.count - 1) }
            index += nodes[..<chosen].reduce(0) { $0 + $1.entryCount }
            switch nodes[chosen] {
            case .entry: return min(index, entries.count - 1)
            case .menu(_, _, let menu):
                nodes = menu.nodes
                if steps.isEmpty, let inner = menu.defaultChoice { steps = Self.steps(inner)[...] }
            }
        }
    }

    private static func position(of step: String, in nodes: [GRUBNode]) -> Int? {
        if let number = Int(step) { return nodes.indices.contains(number) ? number : nil }
        return nodes.firstIndex { $0.title == step || $0.id == step }
    }

    /// `>` separates, `>>` is one in a title.
    private static func steps(_ text: String) -> [String] {
        var steps: [[UInt8]] = [[]]
        var wasArrow = false
        for byte in text.utf8 {
            if wasArrow {
                wasArrow = false
                if byte == UInt8(ascii: ">") {
                    steps[steps.count - 1].append(byte)
                    continue
                }
                steps.append([])
            }
            if byte == UInt8(ascii: ">") { wasArrow = true } else { steps[steps.count - 1].append(byte) }
        }
        return steps.map { String(decoding: $0, as: UTF8.self) }
    }
}

extension GRUBNode {
    fileprivate var title: String {
        switch self {
        case .entry(let entry): entry.title
        case .menu(let title, _, _): title
        }
    }

    fileprivate var id: String {
        switch self {
        case .entry(let entry): entry.id
        case .menu(_, let id, _): id
        }
    }

    fileprivate var entryCount: Int {
        switch self {
        case .entry: 1
        case .menu(_, _, let menu): menu.nodes.reduce(0) { $0 + $1.entryCount }
        }
    }
}
