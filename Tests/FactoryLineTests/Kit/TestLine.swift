import Endorsement
import FactoryAuthority
import FactoryLine
import FoundationEssentials
import Messages
import SoftwareDevice
import TPMDevice
import TPMWire
import Testing

/// A factory line of a test's own: a TPM vendor, a station that trusts it, and devices; nothing of it survives the test.
final class TestLine: Sendable {
    let directory: String
    let ca: LocalCA
    let station: Station

    /// A moment at which everything made here is valid.
    static let now = Int64(Date().timeIntervalSince1970)

    private init(_ directory: String) throws {
        self.directory = directory
        ca = try LocalCA(directory: directory + "/ca")
        station = try Station.make(
            in: FactoryDirectory(directory + "/station"),
            name: Self.label("line-1"),
            at: Self.now - 60
        ).station
        try trustVendor()
    }

    /// Runs a test with a line.
    static func with<Result: Sendable>(_ body: (TestLine) async throws -> Result) async throws -> Result {
        let directory = "/tmp/bf-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        return try await body(TestLine(directory))
    }

    func trustVendor() throws {
        for file in [LocalCA.rootFile, LocalCA.intermediateFile] {
            try FileManager.default.copyItem(
                atPath: "\(directory)/ca/\(file)",
                toPath: "\(station.directory.ekRoots)/\(file)"
            )
        }
    }

    func distrustVendor() throws {
        for file in [LocalCA.rootFile, LocalCA.intermediateFile] {
            try FileManager.default.removeItem(atPath: "\(station.directory.ekRoots)/\(file)")
        }
    }

    /// A second station in the same factory.
    func otherStation(
        _ name: String = "line-2",
        at date: Int64 = now - 60,
        days: Int64? = nil
    ) throws -> Station {
        let other = try Station.make(
            in: FactoryDirectory("\(directory)/station-\(name)"),
            name: Self.label(name),
            at: date,
            days: days
        ).station
        for file in [LocalCA.rootFile, LocalCA.intermediateFile] {
            try FileManager.default.copyItem(
                atPath: "\(directory)/ca/\(file)",
                toPath: "\(other.directory.ekRoots)/\(file)"
            )
        }
        return other
    }

    /// Runs with a device that has power, and takes it away afterwards.
    func withDevice<Result: Sendable>(
        _ name: String = "a",
        endorsementKeys: [EndorsementKey] = [.p256],
        _ body: (SoftwareDevice) async throws -> Result
    ) async throws -> Result {
        try await SoftwareDevice.with(
            in: DeviceDirectory("\(directory)/\(name)"),
            ca: ca,
            endorsementKeys: endorsementKeys,
            body
        )
    }

    static func label(_ text: String) -> Label {
        guard let label = Label(text) else { fatalError("\(text) is no label") }
        return label
    }

    static func order(
        _ serial: String = "GW-0001",
        environment: String = "production",
        tier: Tier = .vtpm,
        securityVersion: UInt64 = 3
    ) -> BirthOrder {
        BirthOrder(
            serial: label(serial),
            model: label("gw-100"),
            hardwareRevision: label("B"),
            environment: label(environment),
            tier: tier,
            bornWith: BornWith(
                name: label("gateway-os"),
                version: label("2.4.0"),
                securityVersion: securityVersion
            )
        )
    }

    /// The order of a device without a TPM.
    static func compensatedOrder(_ serial: String = "S-1", model: String = "sn-10") -> CompensatedOrder {
        CompensatedOrder(
            serial: label(serial),
            model: label(model),
            hardwareRevision: label("A"),
            environment: label("production"),
            profile: label("sensor"),
            bornWith: BornWith(name: label("sensor-os"), version: label("1.7.0"), securityVersion: 3),
            requiredClaims: [label("mmc-cid")]
        )
    }

    /// A profile as it is shipped.
    static func profile(_ name: String = "p256") throws -> ProvisioningProfile {
        try ProvisioningProfile(parsing: profileBytes(name))
    }

    static func profilePath(_ name: String) -> String {
        let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        return "/\(root)/Provisioning/profiles/\(name).json"
    }

    static func profileBytes(_ name: String = "p256") throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: profilePath(name))))
    }

    /// One attempt over a connection of its own, as one run of the program makes.
    func provision(
        _ device: SoftwareDevice,
        _ order: BirthOrder = order(),
        profile: ProvisioningProfile? = nil,
        at station: Station? = nil,
        eventLog: [UInt8]? = nil,
        securityFloor: UInt64? = nil,
        formerValues: AuthorizationValues? = nil,
        now: Int64 = now,
        before step: @Sendable (BirthStep) async throws -> Void = { _ in }
    ) async throws -> ProvisioningOutcome {
        try await withTPM(tcti: device.tcti) { tpm in
            try await (station ?? self.station).provision(
                order,
                profile: profile ?? Self.profile(),
                on: tpm,
                eventLog: eventLog,
                now: now,
                securityFloor: securityFloor,
                formerValues: formerValues,
                before: step
            )
        }
    }

    /// The signed births, byte for byte.
    func births(at station: Station? = nil) throws -> [String: [UInt8]] {
        try births(in: (station ?? self.station).directory.path)
    }

    func births(in station: String) throws -> [String: [UInt8]] {
        let path = station + "/births"
        var births: [String: [UInt8]] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: path) where name.hasSuffix(".json") {
            births[name] = Array(try Data(contentsOf: URL(filePath: path + "/" + name)))
        }
        return births
    }
}

extension Station {
    /// A bundle of what was born since the last one, or of these serial numbers.
    func export(_ serials: [Label]) throws -> BirthBundle {
        try export(serials.isEmpty ? .new : .serials(serials), now: TestLine.now).bundle
    }
}

/// What a TPM keeps, as far as a birth changes it.
struct TPMContents: Hashable, Sendable {
    var persistent: [Handle: Name] = [:]
    var nv: [Handle: [UInt8]] = [:]
    var attributes: [Handle: UInt32] = [:]
    var loaded: [Handle] = []

    /// - Parameter flushing: makes room first, for a look at a TPM whose last program was killed: reading a persistent
    ///   object takes one of the three slots, and all may be taken.
    static func of(_ device: SoftwareDevice, flushing: Bool = false) async throws -> TPMContents {
        try await device.onTPM { tpm throws(TPMError) in
            if flushing { try tpm.flushAbandoned() }
            var contents = TPMContents()
            for handle in try tpm.handles(.persistent) {
                guard let object = try tpm.persistentObject(at: handle) else { continue }
                contents.persistent[handle] = try object.name
            }
            for handle in try tpm.handles(.nvIndex) {
                guard let index = try tpm.nvIndex(at: handle) else { continue }
                let area = try tpm.nvReadPublic(index).publicArea
                contents.attributes[handle] = area.attributes.rawValue
                guard area.attributes.contains(.written) else { continue }
                contents.nv[handle] = try tpm.nvRead(index, count: Int(area.dataSize))
            }
            contents.loaded = try tpm.handles(.transient) + tpm.handles(.hmacSession)
            return contents
        }
    }
}

extension ProvisioningOutcome {
    var record: BirthRecord? {
        switch self {
        case .born(let record), .alreadyBorn(let record), .restored(let record, _): record
        case .refused: nil
        }
    }

    /// `born`, `already-born`, or the codes of the reasons.
    var text: String {
        switch self {
        case .born: "born"
        case .alreadyBorn: "already-born"
        case .restored: "restored"
        case .refused(let reasons): reasons.map(\.code).joined(separator: " ")
        }
    }
}
