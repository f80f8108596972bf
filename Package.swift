// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours is built with these, so that a rule of the language is a rule of the tree.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

/// What only the static kexec-join runs is better small than fast: hosts fetch it before each join.
let small: [SwiftSetting] = settings + [.unsafeFlags(["-Osize"], .when(configuration: .release))]

/// `Wire` alone returns spans and holds them in a reader.
let lifetimes: [SwiftSetting] = settings + [.enableExperimentalFeature("Lifetimes")]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")

let package = Package(
    name: "netbootd",
    products: [
        .executable(name: "netbootd", targets: ["netbootd"]),
        .executable(name: "kexec-join", targets: ["kexec-join"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    ],
    targets: [
        // C libraries: module maps and inline shims, no logic.
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CPcap", pkgConfig: "libpcap", providers: [.apt(["libpcap-dev"])]),
        .systemLibrary(
            name: "CMicrohttpd", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        // Imports go downwards only; scripts/check-imports.sh holds the same table.
        .target(name: "Wire", swiftSettings: lifetimes),
        .target(name: "BootCore", dependencies: ["Wire"], swiftSettings: settings),
        .target(name: "SystemIO", dependencies: ["Wire", "CLinux"], swiftSettings: settings),
        .target(name: "PacketIO", dependencies: ["Wire", "SystemIO", "CPcap"], swiftSettings: settings),
        .target(name: "BootFiles", dependencies: ["Wire", "BootCore", "SystemIO"], swiftSettings: settings),
        .target(
            name: "DHCPServer",
            dependencies: ["Wire", "BootCore", "SystemIO", "PacketIO", "CSQLite", logging],
            swiftSettings: settings),
        .target(
            name: "TFTPServer",
            dependencies: ["Wire", "BootCore", "BootFiles", "SystemIO", logging],
            swiftSettings: settings),
        .target(
            name: "HTTPServer",
            dependencies: [
                "Wire", "BootCore", "BootFiles", "SystemIO", "CMicrohttpd", "CZlib", crypto, logging,
            ],
            swiftSettings: settings),
        .target(
            name: "NFSServer",
            dependencies: ["Wire", "BootCore", "BootFiles", "SystemIO", logging],
            swiftSettings: settings),
        .target(name: "BootMenus", swiftSettings: small),
        .target(
            name: "Kexec",
            dependencies: ["Wire", "BootCore", "BootMenus", "SystemIO", "CLinux", "CZlib", crypto],
            swiftSettings: small),
        .target(
            name: "JoinCommands",
            dependencies: ["Wire", "BootCore", "BootMenus", "SystemIO", "Kexec", argumentParser],
            swiftSettings: small),
        .target(
            name: "Configuration",
            dependencies: [
                "Wire", "BootCore", "BootFiles", "SystemIO", "DHCPServer", "TFTPServer", "HTTPServer",
                "NFSServer", "CYAML",
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "netbootd",
            dependencies: [
                "Wire", "BootCore", "SystemIO", "PacketIO", "BootFiles", "DHCPServer", "TFTPServer",
                "HTTPServer", "NFSServer", "Configuration", "Kexec", "JoinCommands", argumentParser, logging,
            ],
            swiftSettings: settings),
        // For live hosts of any distribution: it needs no library of theirs.
        .executableTarget(
            name: "kexec-join", dependencies: ["JoinCommands", argumentParser], swiftSettings: settings,
            linkerSettings: [.unsafeFlags(["-static-executable"], .when(configuration: .release))]),

        .target(
            name: "TestSupport", dependencies: ["SystemIO"], path: "Tests/TestSupport",
            swiftSettings: settings),
        .testTarget(
            name: "NetbootdTests", dependencies: ["netbootd", "SystemIO", logging], swiftSettings: settings),
        .testTarget(
            name: "JoinCommandsTests",
            dependencies: [
                "Wire", "BootCore", "SystemIO", "Kexec", "JoinCommands", "TestSupport", argumentParser,
            ],
            swiftSettings: settings),
        .testTarget(name: "BootMenusTests", dependencies: ["BootMenus"], swiftSettings: settings),
        .testTarget(
            name: "KexecTests",
            dependencies: ["Wire", "BootCore", "BootMenus", "SystemIO", "Kexec", "TestSupport", crypto],
            swiftSettings: settings),
        .testTarget(name: "WireTests", dependencies: ["Wire"], swiftSettings: settings),
        .testTarget(name: "BootCoreTests", dependencies: ["Wire", "BootCore"], swiftSettings: settings),
        .testTarget(name: "SystemIOTests", dependencies: ["Wire", "SystemIO"], swiftSettings: settings),
        .testTarget(
            name: "BootFilesTests", dependencies: ["BootFiles", "SystemIO", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "DHCPServerTests",
            dependencies: ["Wire", "BootCore", "SystemIO", "PacketIO", "DHCPServer", "TestSupport", logging],
            swiftSettings: settings),
        .testTarget(
            name: "TFTPServerTests",
            dependencies: [
                "Wire", "BootCore", "BootFiles", "SystemIO", "TFTPServer", "TestSupport", logging,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "HTTPServerTests",
            dependencies: ["Wire", "BootCore", "BootFiles", "SystemIO", "HTTPServer", crypto, logging],
            swiftSettings: settings),
        .testTarget(
            name: "NFSServerTests",
            dependencies: ["Wire", "BootCore", "BootFiles", "SystemIO", "NFSServer", "TestSupport", logging],
            swiftSettings: settings),
        .testTarget(
            name: "ConfigurationTests",
            dependencies: [
                "Wire", "BootCore", "BootFiles", "SystemIO", "DHCPServer", "TFTPServer", "HTTPServer",
                "NFSServer", "Configuration",
            ],
            swiftSettings: settings),
    ]
)

// Fuzzers have no `main` of their own, so they are there only when scripts/fuzz.sh asks for them.
if Context.environment["NETBOOTD_FUZZ"] != nil {
    package.targets += [
        .executableTarget(
            name: "FuzzDHCP", dependencies: ["Wire", "BootCore", "DHCPServer"], path: "Fuzz/DHCP",
            exclude: ["seeds"], swiftSettings: settings),
        .executableTarget(
            name: "FuzzTFTP", dependencies: ["Wire", "TFTPServer"], path: "Fuzz/TFTP", exclude: ["seeds"],
            swiftSettings: settings),
        .executableTarget(
            name: "FuzzConfiguration", dependencies: ["Configuration"], path: "Fuzz/Configuration",
            exclude: ["seeds"], swiftSettings: settings),
        .executableTarget(
            name: "FuzzBootMenus", dependencies: ["BootMenus"], path: "Fuzz/BootMenus", exclude: ["seeds"],
            swiftSettings: settings),
        .executableTarget(
            name: "FuzzKexec", dependencies: ["Wire", "BootCore", "SystemIO", "Kexec"], path: "Fuzz/Kexec",
            exclude: ["seeds"], swiftSettings: settings),
    ]
}

// Measures the client's transfer by itself; bench/transfer.sh asks for it.
if Context.environment["NETBOOTD_BENCH"] != nil {
    package.targets.append(
        .executableTarget(
            name: "FetchRate", dependencies: ["Kexec", "SystemIO"], path: "bench/fetch",
            swiftSettings: settings))
}
