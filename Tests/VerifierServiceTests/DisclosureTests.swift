import DurableFiles
import FoundationEssentials
import Glibc
import Logging
import Messages
import TPMWire
import TemporaryDirectories
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import HTTPService
@testable import VerifierService

/// What answers and logs must not say, and must not be made to say.
@Suite struct DisclosureTests {
    let factory: TestFactory
    let releases = TestReleases()

    init() throws { factory = try TestFactory() }

    @Test func attack72_errorBodiesNeverContainExpectedValues() async throws {
        try await TestVerifier.with(factory: factory, releases: releases) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            let other = try SoftwareKeyDevice(serial: "SN-2")
            try await service.importBirth(of: device, by: factory)
            try await service.importBirth(of: other, by: factory)
            let package = try await service.add(try releases.release("2.0"), releases)
            var bodies: [String] = []
            try await HTTPProbe.with(service) { probe in
                try await service.anonymous { client in
                    func collect(
                        _ purpose: Purpose,
                        _ spoil: (inout DecisionRequest, inout Evidence) throws -> Void
                    ) async throws {
                        let wanted = purpose == .update ? package : nil
                        let challenge = try await client.challenge(device, purpose, package: wanted)
                        var request = try device.request(
                            purpose,
                            challenge: challenge.challenge,
                            package: wanted,
                            grant: purpose == .confirm ? Base64URL.encode(Verifier.random(16)) : nil
                        )
                        var evidence = try device.evidence(for: request)
                        try spoil(&request, &evidence)
                        let reply = try await probe.send(
                            "POST",
                            "/v1/decisions",
                            body: try CanonicalJSON.encode(evidence)
                        )
                        #expect(reply.status != 200)
                        #expect(reply.problem != nil)
                        bodies.append(reply.text)
                    }
                    // Nothing authentic.
                    try await collect(.attest) { _, evidence in evidence.attest.bytes[60] ^= 1 }
                    try await collect(.attest) { _, evidence in evidence.signature.bytes[20] ^= 1 }
                    try await collect(.attest) { request, evidence in
                        evidence = try device.evidence(
                            for: device.request(.attest, challenge: request.challenge + "A")
                        )
                    }
                    try await collect(.attest) { request, evidence in evidence = try other.evidence(for: request) }
                    try await collect(.attest) { request, evidence in
                        request.instance = other.instance
                        evidence = try device.evidence(for: request)
                    }
                    // Authentic, and refused for what it asks.
                    try await collect(.confirm) { _, _ in }
                    try await collect(.update) { request, evidence in
                        request.counters = nil
                        evidence = try device.evidence(for: request)
                    }
                    try await collect(.update) { request, evidence in
                        request.package = PackageReference(
                            name: package.name,
                            version: package.version,
                            sha256: package.sha256,
                            manifest: ContentDigest(of: [1])
                        )
                        evidence = try device.evidence(for: request)
                    }
                    // Authentic, and refused for what it shows.
                    device.reboot(into: "evil")
                    try await collect(.attest) { _, _ in }
                    try await collect(.attest) { _, _ in }
                }
            }
            #expect(bodies.count == 10)
            var secrets = SoftwareKeyDevice.boot("os 1.0").values.map { LowercaseHex.encode($0) }
            secrets += SoftwareKeyDevice.boot("os 2.0").values.map { LowercaseHex.encode($0) }
            secrets += [device, other].flatMap {
                [$0.iak.name.contents, $0.iak.qualifiedName.contents, $0.ek.name.contents]
            }
            .map { LowercaseHex.encode($0.dropFirst(2)) }
            secrets += [
                package.manifest.description, package.sha256.description,
                service.verifier.policy.now.policy.digest.description, other.instance.text, "lab", "/tmp/", "sqlite",
            ]
            for body in bodies {
                for secret in secrets { #expect(!body.contains(secret), "\(body) says \(secret)") }
            }
        }
    }

    @Test func internalFaultsSayNothing() async throws {
        var setup = TestVerifier.Setup()
        setup.wrap = { HookedStore($0) }
        try await TestVerifier.with(setup, factory: factory) { service in
            let store = try (service.store as? HookedStore).found()
            store.set { verb, _ throws(StoreError) in
                throw StoreError(.failed, "/var/lib/secret.sqlite is on fire at \(verb)")
            }
            let identity = try HTTPProbe.identity(.operator, of: service)
            try await HTTPProbe.with(service, identity: identity) { probe in
                for path in ["/v1/instances", "/v1/instances/SN-1"] {
                    let reply = try await probe.send("GET", path)
                    #expect(reply.status == 503)
                    #expect(!reply.text.contains("secret"))
                }
            }
            #expect(service.log.lines.contains { $0.contains("on fire") })
            store.set(nil)
        }
    }

    // MARK: Logs

    /// Everything that a handler writes to a file, as it stands there.
    private func written(_ body: (Logger) -> Void) throws -> [UInt8] {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/log"
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        body(Logger(label: "test") { JSONLineLog(label: $0, level: .debug, descriptor: descriptor) })
        close(descriptor)
        return try BoundedFile.read(path, limit: 1 << 20)
    }

    private static let hostile = [
        "plain", "line\nfeed", "carriage\rreturn", "quote\" brace}", "back\\slash", "nul\u{0}", "bell\u{7}\u{1B}[2J",
        "\u{202E}gnol-ot-thgir", "\u{2028}separator", "emoji \u{1F4A3}", "{\"level\":\"error\"}", "\u{7F}\u{85}",
    ]

    @Test func attack73_logInjection() throws {
        let bytes = try written { logger in
            for text in Self.hostile {
                logger.info("\(text)", metadata: ["value": "\(text)", "\(text)": "key"])
            }
        }
        #expect(bytes.allSatisfy { $0 == 0x0A || (0x20..<0x7F).contains($0) })
        let lines = bytes.split(separator: 0x0A)
        #expect(lines.count == Self.hostile.count)
        for (line, text) in zip(lines, Self.hostile) {
            let fields = try JSONDecoder().decode([String: String].self, from: Data(line))
            #expect(fields["message"] == text)
            #expect(fields["value"] == text)
            #expect(fields["level"] == "info")
        }
    }

    @Test func attack73_logInjectionOverTheWire() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            let identity = try HTTPProbe.identity(.operator, of: service)
            try await HTTPProbe.with(service, identity: identity) { probe in
                for text in Self.hostile.dropFirst()
                where text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value > 0x7F }) {
                    let body = try CanonicalJSON.encode(["reason": text])
                    let reply = try await probe.send("POST", "/v1/instances/SN-1/suspend", body: body)
                    // A picture is as good a reason as a word.
                    let isReason = text.contains("\u{1F4A3}")
                    #expect(reply.status == (isReason ? 200 : 400), "\(text.debugDescription)")
                    let isLogged = service.log.lines.contains { $0.contains(text) }
                    #expect(isLogged == isReason, "\(text.debugDescription)")
                }
                // A path that was never decoded is logged as it came.
                let reply = try await probe.send("GET", "/v1/x%0a%22level%22:%22error%22")
                #expect(reply.status == 404)
                #expect(service.log.lines.contains { $0.contains("x%0a%22level%22:%22error%22") })
            }
        }
    }

    @Test func linesCarryTimeAndFields() throws {
        let bytes = try written { $0.warning("hello", metadata: ["b": "2", "a": "1"]) }
        let line = String(decoding: bytes, as: UTF8.self)
        #expect(line.hasPrefix("{\"time\":\"20"))
        #expect(line.contains("T"))
        #expect(line.contains("\"level\":\"warning\",\"message\":\"hello\",\"a\":\"1\",\"b\":\"2\"}\n"))
    }

    // MARK: Metrics

    @Test func metricsAreInTheTextFormat() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            try await service.anonymous { client in
                _ = try await client.attest(device)
                device.reboot(into: "evil")
                _ = try await problem { try await client.attest(device) }
            }
            try await HTTPProbe.with(service) { probe in
                let text = try await probe.send("GET", "/metrics").text
                for line in [
                    "birthmark_decisions_total{purpose=\"attest\",verdict=\"accepted\"} 1",
                    "birthmark_decisions_total{purpose=\"attest\",verdict=\"refused\"} 1",
                    "birthmark_refusal_reasons_total{reason=\"boot-unexpected\"} 1",
                    "birthmark_births_total{outcome=\"imported\"} 1",
                    "birthmark_requests_total{route=\"POST /v1/decisions\",status=\"200\"} 1",
                    "birthmark_unauthentic_evidence_total 0", "# TYPE birthmark_commit_seconds histogram",
                ] {
                    #expect(text.contains(line + "\n"), "\(line)")
                }
                let expiry = /\nbirthmark_tls_certificate_expiry_timestamp_seconds (\d+)\n/
                let shown = try #require(text.firstMatch(of: expiry)).output.1
                let seconds = try #require(Int64(shown))
                #expect(seconds > Int64(Date.now.timeIntervalSince1970))
                // Nothing in it names a device or an address.
                #expect(!text.contains(device.instance.text))
                #expect(!text.contains("127.0.0.1"))
                for line in text.split(separator: "\n") where !line.hasPrefix("#") {
                    let number = line.split(separator: " ").last.flatMap { Double($0) }
                    #expect(number != nil, "\(line)")
                }
            }
        }
    }

    @Test func histogramsAddUp() {
        let metrics = Metrics(MetricFamily.ofVerifier)
        for value in [1.0, 2, 3, 64, 1000] { metrics.observe(.commitGroup, value) }
        let lines = Set(metrics.text().split(separator: "\n").map(String.init))
        for line in [
            "birthmark_commit_group_size_bucket{le=\"1\"} 1", "birthmark_commit_group_size_bucket{le=\"2\"} 2",
            "birthmark_commit_group_size_bucket{le=\"4\"} 3", "birthmark_commit_group_size_bucket{le=\"64\"} 4",
            "birthmark_commit_group_size_bucket{le=\"+Inf\"} 5", "birthmark_commit_group_size_sum 1070",
            "birthmark_commit_group_size_count 5",
        ] {
            #expect(lines.contains(line), "\(line)")
        }
    }
}
