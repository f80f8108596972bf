internal import BootCore
internal import BootFiles
internal import DHCPServer
internal import Glibc
internal import SystemIO

/// Boot files and folders.
extension HostCheck {
    /// A file of the tree, and the key that wants it.
    private struct WantedFile {
        var file: String
        var path: String
    }

    /// - Returns: the boot programs that are there.
    func files(for user: UserIdentity) -> [Platform: String] {
        let loaders = configuration.allLoaders
        let folder = configuration.files
        if let error = facts.folderTrouble(folder, forWriting: false, for: user) {
            report(Self.problem(ofFolder: folder, error, user: user, forWriting: false), path: "files")
            return loaders
        }
        let wanted = profileFiles + neededLoaders
        let states = facts.files(
            Set(wanted.map(\.file)).union(loaders.values), inTree: folder, for: user)
        for item in wanted {
            guard case .failed(let failure)? = states[item.file] else { continue }
            report(problem(of: item.file, failure, user: user), path: item.path)
        }
        return loaders.filter { states[$0.value] == .readable }
    }

    /// Kernels, initrds and boot programs of the profiles.
    private var profileFiles: [WantedFile] {
        configuration.profiles.flatMap { profile -> [WantedFile] in
            let path = "profiles.\(profile.name)"
            var files: [WantedFile] = []
            if let kernel = profile.kernel {
                files.append(WantedFile(file: kernel.kernel, path: "\(path).kernel"))
                for (index, initrd) in kernel.initrds.enumerated() {
                    let item = "\(path).initrd[\(index)]"
                    let isList = configuration.source.place(of: item) != nil
                    files.append(WantedFile(file: initrd, path: isList ? item : "\(path).initrd"))
                }
            }
            // One path for all platforms is one error.
            var loaderPaths: Set<String> = []
            for platform in Platform.allCases {
                guard let loader = profile.loaders[platform] else { continue }
                let item = "\(path).loader.\(platform.rawValue)"
                let isMapping = configuration.source.place(of: item) != nil
                let loaderPath = isMapping ? item : "\(path).loader"
                guard loaderPaths.insert(loaderPath).inserted else { continue }
                files.append(WantedFile(file: loader, path: loaderPath))
            }
            return files.filter { !$0.file.contains("://") }
        }
    }

    /// Boot programs without which machines cannot boot: those that the file names, and those of PCs when
    /// there is anything for iPXE to do.
    private var neededLoaders: [WantedFile] {
        let needsIPXE =
            configuration.profiles.contains { $0.kernel != nil } || configuration.defaultTarget == .menu
            || configuration.machines.contains { $0.target == .menu }
            || configuration.rules.contains { $0.target == .menu }
        return Platform.allCases.compactMap { platform in
            guard let loader = configuration.allLoaders[platform] else { return nil }
            let isStated = configuration.loaders[platform] != nil
            let isCommon = platform == .bios || platform == .uefiX64
            guard isStated || isCommon && needsIPXE else { return nil }
            return WantedFile(file: loader, path: "loaders.\(platform.rawValue)")
        }
    }

    private func problem(of file: String, _ failure: OpenFailure, user: UserIdentity) -> HostProblem {
        switch failure {
        case .notFound:
            let name = file.split(separator: "/").last.map(String.init) ?? file
            let prefix = configuration.files.drop { $0 == "/" } + "/"
            let inTree = file.hasPrefix(prefix) ? String(file.dropFirst(prefix.count)) : nil
            return .file(
                .missing(
                    file, folder: configuration.files, package: BootTree.debianPackage(shipping: name),
                    inTree: inTree))
        case .accessDenied: return .file(.notReadable(file, user: user.name))
        case .notARegularFile: return .file(.notAFile(file))
        case .outsideRoot: return .file(.outsideTree(file, folder: configuration.files))
        case .other(let error): return .file(.trouble(file, reason: error.description))
        }
    }

    /// The folder must be there and writable for the servers' user, or we must be able to make it.
    func state(for user: UserIdentity) {
        let folder = configuration.state
        guard let error = facts.folderTrouble(folder, forWriting: true, for: user) else { return }
        // Root gives the folder to the user when it starts.
        let mayChange = facts.currentUser.userID == 0
        switch error.code {
        case ENOENT:
            if let trouble = makingTrouble(folder) {
                report(.folderCannotBeMade(folder, reason: trouble), path: "state")
            }
        case EACCES
        where mayChange && facts.folderTrouble(folder, forWriting: true, for: facts.currentUser) == nil:
            if !facts.mayGiveFolder(folder, filesNamed: DeploymentConfiguration.leaseDatabase) {
                report(.folderHoldsOtherThings(folder, user: user.name), path: "state")
            }
        default:
            report(Self.problem(ofFolder: folder, error, user: user, forWriting: true), path: "state")
        }
    }

    /// Why the folder cannot be made: the nearest folder above it that exists says so.
    private func makingTrouble(_ folder: String) -> String? {
        var above = folder
        while let slash = above.lastIndex(of: "/"), above != "/" {
            above = slash == above.startIndex ? "/" : String(above[..<slash])
            guard let error = facts.folderTrouble(above, forWriting: true, for: facts.currentUser) else {
                return nil
            }
            guard error.code == ENOENT else { return error.description }
        }
        return nil
    }

    static func problem(
        ofFolder folder: String, _ error: SystemError, user: UserIdentity, forWriting: Bool
    ) -> HostProblem {
        switch error.code {
        case ENOENT: .folderMissing(folder)
        case ENOTDIR: .notAFolder(folder)
        case EACCES:
            forWriting
                ? .folderNotWritable(folder, user: user.name) : .folderNotReadable(folder, user: user.name)
        default: .folderTrouble(folder, reason: error.description)
        }
    }
}
