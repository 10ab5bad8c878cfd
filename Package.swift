// swift-tools-version: 6.2
// The architecture, bottom up. A target may use only what stands above it in this file;
// `scripts/law` holds the build and the linked binaries to the same drawing.

import PackageDescription

let strict: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .strictMemorySafety(),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ]
    + (Context.environment["BIRTHMARK_WARNINGS_AS_ERRORS"] == nil ? [] : [.treatAllWarnings(as: .error)])

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let x509: Target.Dependency = .product(name: "X509", package: "swift-certificates")
let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTLS: Target.Dependency = .product(name: "HummingbirdTLS", package: "hummingbird")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")

func library(_ name: String, _ dependencies: [Target.Dependency], path: String? = nil) -> Target {
    .target(name: name, dependencies: dependencies, path: path, swiftSettings: strict)
}

func program(_ name: String, _ dependencies: [Target.Dependency], path: String? = nil) -> Target {
    .executableTarget(
        name: name,
        dependencies: dependencies + [arguments, "CommandLineContract", "Wording"],
        path: path,
        swiftSettings: strict
    )
}

func tests(of name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(name: name + "Tests", dependencies: [.init(stringLiteral: name)] + dependencies, swiftSettings: strict)
}

func instrumented(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name,
        dependencies: dependencies,
        path: "Fuzz/" + name,
        swiftSettings: strict,
        // GNU gold, the default, breaks on what the sanitizer makes.
        linkerSettings: [.unsafeFlags(["-use-ld=lld"])]
    )
}

/// Only for `make fuzz`, which builds everything instrumented: elsewhere nothing would link it.
let fuzzer: [Target] =
    Context.environment["BIRTHMARK_FUZZ"] == nil
    ? []
    : [
        .systemLibrary(name: "CLibFuzzer", path: "Fuzz/CLibFuzzer"),
        instrumented("birthmark-fuzz", ["CLibFuzzer", "ParserProperties"]),
        instrumented(
            "birthmark-seeds",
            [
                "ParserProperties", "TPMWire", "TPMCrypto", "Endorsement", "Messages", "AttestationResults",
                "UpdateTrust", "Audit", "Ledger", "Compression", crypto,
            ]
        ),
    ]

let package = Package(
    name: "birthmark",
    dependencies: [
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-certificates.git", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1.git", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", from: "1.0.2"),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.6.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: []),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
    ],
    targets: [
        // System libraries: a module map and a shim header, nothing else.
        .systemLibrary(
            name: "CTSS2",
            pkgConfig: "tss2-esys tss2-mu tss2-tctildr tss2-rc",
            providers: [.apt(["libtss2-dev"])]
        ),
        .systemLibrary(name: "CP11Kit", pkgConfig: "p11-kit-1", providers: [.apt(["libp11-kit-dev"])]),
        .systemLibrary(name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        // Bytes.
        library("Wording", []),
        library("TPMWire", []),
        library("Hashing", [crypto]),
        library("TPMCrypto", ["TPMWire", "Hashing", "CLibCrypto", crypto, cryptoExtras]),
        library("MeasuredBoot", ["Wording", "TPMWire", "Hashing", crypto]),
        library("Compression", ["CZlib"]),
        library("Pages", []),
        library("Ledger", ["Wording", crypto]),
        library("Messages", ["Wording", "Hashing", crypto]),
        library("DurableFiles", []),
        library("Endorsement", ["TPMWire", "TPMCrypto", "Messages", "DurableFiles", crypto, cryptoExtras, x509, asn1]),

        // Judgement: no input or output, no clock, no randomness.
        library("AttestationResults", ["Messages"]),
        library(
            "Appraisal",
            ["Wording", "TPMWire", "Hashing", "TPMCrypto", "MeasuredBoot", "Messages", "AttestationResults", crypto]
        ),
        library(
            "BirthJudgement",
            ["Appraisal", "AttestationResults", "Endorsement", "Messages", "TPMCrypto", "TPMWire"]
        ),
        library("UpdateTrust", ["Wording", "TPMWire", "AttestationResults", "Messages", "Ledger", crypto]),
        library("Reappraisal", ["Appraisal", "UpdateTrust", "AttestationResults", "Messages"]),
        library(
            "Audit",
            [
                "BirthJudgement", "Pages", "UpdateTrust", "AttestationResults", "Endorsement", "Messages", "Ledger",
                "Wording",
            ]
        ),

        // Edges.
        library("LedgerFiles", ["Wording", "Ledger", "DurableFiles"]),
        library("TimeLimits", []),
        library("TPMDevice", ["CTSS2", "TPMWire", "TPMCrypto"]),
        library("VerifierStore", ["UpdateTrust", "Messages", "Ledger"]),
        library(
            "StoreSQLite",
            [
                "VerifierStore", "UpdateTrust", "AttestationResults", "Messages", "Ledger", grdb,
            ]
        ),
        library(
            "HTTPService",
            [
                "Endorsement", "Messages", "DurableFiles", crypto, x509, asn1, logging, lifecycle, nioSSL, nioCore,
                unixSignals, hummingbird, hummingbirdCore, hummingbirdTLS,
            ]
        ),
        library(
            "VerifierClient",
            [
                "Messages", "DurableFiles", crypto, nioSSL, nioCore, nioHTTP1, nioPosix, httpClient,
            ]
        ),
        library(
            "AuditCollection",
            ["VerifierClient", "Audit", "Reappraisal", "UpdateTrust", "Ledger", "Messages"]
        ),
        library(
            "VerifierService",
            [
                "HTTPService", "VerifierClient", "BirthJudgement", "Appraisal", "UpdateTrust", "Reappraisal",
                "Endorsement", "VerifierStore", "Ledger", "LedgerFiles", "Messages", "AttestationResults",
                "Compression", "DurableFiles", "Wording", crypto, x509, asn1, logging, lifecycle, nioSSL,
            ]
        ),
        library(
            "DeviceAgent",
            [
                "TPMDevice", "TPMWire", "UpdateTrust", "Messages", "VerifierClient", "DurableFiles", "TimeLimits",
                crypto, subprocess, system,
            ]
        ),
        library("PKCS11", ["CP11Kit", "DurableFiles", crypto, x509, asn1]),
        library(
            "FactoryAuthority",
            [
                "PKCS11", "TPMDevice", "TPMWire", "TPMCrypto", "Endorsement", "Messages", "DurableFiles", crypto, x509,
                asn1,
            ]
        ),
        library(
            "EnrolmentService",
            [
                "HTTPService", "FactoryAuthority", "Endorsement", "Messages", "DurableFiles", crypto, logging,
                lifecycle,
            ]
        ),
        library(
            "GatewayService",
            [
                "HTTPService", "DeviceAgent", "VerifierClient", "Endorsement", "Messages", "DurableFiles", crypto,
                logging, lifecycle,
            ]
        ),
        library(
            "WitnessService",
            [
                "HTTPService", "Ledger", "Messages", "DurableFiles", "Wording", crypto, logging, lifecycle,
            ]
        ),
        library(
            "FactoryLine",
            [
                "FactoryAuthority", "VerifierClient", "TPMDevice", "TPMWire", "TPMCrypto", "MeasuredBoot",
                "Endorsement", "Messages", "Pages", "DurableFiles", "Wording", crypto,
            ]
        ),

        // Programs: arguments, configuration, wiring.
        library("CommandLineContract", ["DurableFiles", arguments]),
        program(
            "birthmark-factory",
            [
                "FactoryLine", "FactoryAuthority", "EnrolmentService", "HTTPService", "TPMDevice", "Endorsement",
                "VerifierClient", "Messages", "DurableFiles", crypto, asn1, logging,
            ]
        ),
        program(
            "birthmark-verifier",
            [
                "VerifierService", "HTTPService", "StoreSQLite", "VerifierStore", "DurableFiles", "Messages", logging,
                lifecycle, unixSignals,
            ]
        ),
        program(
            "birthmark-device",
            [
                "DeviceAgent", "UpdateTrust", "Messages", "DurableFiles", unixSignals,
            ]
        ),
        program(
            "birthmark-gateway",
            [
                "GatewayService", "HTTPService", "DeviceAgent", "TPMDevice", "Endorsement", "Messages", "DurableFiles",
                logging,
            ]
        ),
        program(
            "birthmark",
            [
                "VerifierClient", "Appraisal", "AttestationResults", "UpdateTrust", "Reappraisal", "Ledger",
                "LedgerFiles", "Audit", "AuditCollection", "Messages", "MeasuredBoot", "Endorsement", "TPMWire",
                "Compression", "DurableFiles", crypto, "WitnessService", "HTTPService", logging,
            ]
        ),

        // Software devices for tests and the demo.
        library(
            "SoftwareDevice",
            [
                "TPMDevice", "TPMWire", "TPMCrypto", "MeasuredBoot", "Messages", "DurableFiles", "TimeLimits", crypto,
                x509, asn1, subprocess, system,
            ],
            path: "swtpm/SoftwareDevice"
        ),
        program("birthmark-swtpm", ["SoftwareDevice", "TPMDevice", "TPMWire"], path: "swtpm/birthmark-swtpm"),

        // Measurements, release build only.
        program(
            "birthmark-bench",
            [
                "SoftwareDevice", "FactoryLine", "TPMDevice", "HTTPService", "VerifierService", "VerifierStore",
                "StoreSQLite", "VerifierClient", "Audit", "AuditCollection", "Appraisal", "AttestationResults",
                "UpdateTrust", "Messages", "MeasuredBoot", "Ledger", "TPMWire", "TPMCrypto", "Endorsement",
                "DurableFiles", "Compression", crypto, cryptoExtras, x509, asn1, logging, subprocess, system, nioCore,
                nioSSL, hummingbird, hummingbirdCore, hummingbirdTLS,
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            path: "Benchmarks/birthmark-bench"
        ),

        // What may happen to a program, for tests: kill -9 anywhere, a full disk, a slow one, a wrong clock.
        .target(
            name: "MachineFaults",
            dependencies: [subprocess],
            path: "Tests/MachineFaults",
            exclude: ["faults.c", "pace.c"],
            swiftSettings: strict
        ),
        // Random numbers that a test can repeat.
        library("SeededRandom", [], path: "Tests/SeededRandom"),
        // The programs, run as people and scripts run them.
        library("Programs", ["TimeLimits", subprocess, system], path: "Tests/Programs"),
        // Directories that are gone when a test is.
        library("TemporaryDirectories", [], path: "Tests/TemporaryDirectories"),
        // Ports that a test keeps.
        library("HeldPorts", [], path: "Tests/HeldPorts"),

        // Peers that mean no good to a service's edge, for the tests of each service.
        library(
            "EdgeProbes",
            [
                "HTTPService", "Messages", nioCore, nioSSL, nioPosix, nioHTTP1,
            ],
            path: "Tests/EdgeProbes"
        ),

        // What holds for every parser on every input: for fuzzing, and for the tests that repeat its inputs.
        library(
            "ParserProperties",
            [
                "TPMWire", "TPMCrypto", "MeasuredBoot", "Endorsement", "Messages", "AttestationResults", "UpdateTrust",
                "Audit", "Ledger", "Compression", crypto,
            ],
            path: "Fuzz/ParserProperties"
        ),

        tests(of: "ParserProperties"),
        tests(of: "Wording"),
        tests(of: "TPMWire", ["SeededRandom"]),
        tests(of: "Hashing", [crypto]),
        tests(of: "TPMCrypto", ["TPMWire", crypto, cryptoExtras]),
        tests(of: "MeasuredBoot", ["SeededRandom", "TPMWire", crypto]),
        tests(of: "Compression", ["AttestationResults", "Messages"]),
        tests(of: "Ledger", ["SeededRandom", crypto]),
        tests(of: "Audit", ["UpdateTrust", "Ledger", "Messages", crypto]),
        tests(of: "LedgerFiles", ["Ledger", "DurableFiles", crypto]),
        tests(of: "DurableFiles", ["TemporaryDirectories"]),
        tests(of: "Pages"),
        tests(of: "TimeLimits", ["Programs", subprocess]),
        tests(of: "Messages", ["SeededRandom", crypto]),
        tests(
            of: "Endorsement",
            [
                "SeededRandom", "TemporaryDirectories", "Messages", "TPMWire", "TPMCrypto", crypto, cryptoExtras, x509,
                asn1, subprocess, system,
            ]
        ),
        tests(
            of: "Appraisal",
            [
                "TPMWire", "TPMCrypto", "MeasuredBoot", "Messages", "AttestationResults", "TPMDevice", "SoftwareDevice",
                "SeededRandom", crypto, cryptoExtras,
            ]
        ),
        tests(
            of: "UpdateTrust",
            ["SeededRandom", "Audit", "Appraisal", "TPMWire", "AttestationResults", "Messages", "Ledger", crypto]
        ),
        tests(of: "TPMDevice", ["SeededRandom", "CTSS2", "TPMWire", "TPMCrypto", "SoftwareDevice", crypto]),
        tests(
            of: "VerifierStore",
            [
                "TemporaryDirectories", "StoreSQLite", "UpdateTrust", "AttestationResults", "Messages", "Ledger",
                crypto, grdb,
            ]
        ),
        tests(
            of: "VerifierService",
            [
                "EdgeProbes", "HeldPorts", "Programs", "TemporaryDirectories", "Audit", "AuditCollection",
                "Reappraisal", "HTTPService", "StoreSQLite", "VerifierStore", "UpdateTrust", "Ledger", "LedgerFiles",
                "Messages", "VerifierClient", "WitnessService",
                "Endorsement", "AttestationResults", "TPMWire", "TPMCrypto", "Compression", "DurableFiles",
                "birthmark-verifier", crypto, x509, asn1, logging, lifecycle, subprocess, system, nioSSL, nioCore,
                nioHTTP1, grdb, httpClient,
            ]
        ),
        tests(
            of: "DeviceAgent",
            [
                "TPMDevice", "TPMWire", "TPMCrypto", "UpdateTrust", "Appraisal", "AttestationResults", "Messages",
                "Ledger", "VerifierClient", "DurableFiles", "SoftwareDevice", "MachineFaults", "SeededRandom",
                "HeldPorts", "Programs", "birthmark-device", "birthmark", crypto, x509, asn1, subprocess, system,
                nioCore, nioSSL,
                nioPosix, nioHTTP1,
            ]
        ),
        tests(
            of: "FactoryLine",
            [
                "FactoryAuthority", "EnrolmentService", "TPMDevice", "TPMWire", "TPMCrypto", "Endorsement",
                "HTTPService", "Messages", "DurableFiles", "SoftwareDevice", "MachineFaults", "EdgeProbes", "HeldPorts",
                "Programs", "birthmark-factory", crypto, logging, subprocess,
            ]
        ),
        tests(
            of: "WitnessService",
            [
                "VerifierClient", "Ledger", "HTTPService", "Messages", "DurableFiles", "MachineFaults", "EdgeProbes",
                "Programs", "TemporaryDirectories", "birthmark", crypto, logging, subprocess, system,
            ]
        ),
        tests(
            of: "GatewayService",
            [
                "DeviceAgent", "DurableFiles", "VerifierClient", "HTTPService", "Messages", "EdgeProbes", crypto,
                logging, nioCore, nioSSL, nioPosix, nioHTTP1,
            ]
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "SoftwareDevice", "MachineFaults", "SeededRandom", "HeldPorts", "Programs", "FactoryLine",
                "VerifierService",
                "StoreSQLite", "DeviceAgent", "VerifierClient", "UpdateTrust", "AttestationResults", "Compression",
                "Messages", "Ledger", "TPMDevice", "TPMWire", crypto, subprocess, system, "birthmark",
                "birthmark-factory", "birthmark-verifier", "birthmark-device", "birthmark-gateway", "birthmark-swtpm",
            ],
            swiftSettings: strict
        ),
    ] + fuzzer
)
