import FactoryLine
import FoundationEssentials
import Messages
import SoftwareDevice
import TPMDevice

/// What the birth of one device costs against the time that its TPM and libtss2 spend on the commands of it.
///
/// Both are times that passed: the TPM is another process, as it is another chip on a board.
enum BirthBench {
    static let suites =
        suites("birth-p256", profile: "p256", endorsementKey: .p256, births: 20)
        + suites("birth-rsa2048", profile: "rsa2048", endorsementKey: .rsa2048, births: 10)

    /// A disk takes its time to make a file durable, and a birth has some; in memory only our own work is left.
    private static func suites(
        _ name: String,
        profile: String,
        endorsementKey: EndorsementKey,
        births: Int
    ) -> [Suite] {
        [(name, "/tmp"), (name + "-files-in-memory", "/dev/shm")].map { name, place in
            Suite(name: name) { name in
                try await withTemporaryDirectory(in: place) { directory in
                    let line = try Line(in: directory, profile: profile, endorsementKey: endorsementKey)
                    return try await run(name, line, births: births)
                }
            }
        }
    }

    private static func run(_ name: String, _ line: Line, births: Int) async throws -> [Measurement] {
        var whole = Samples()
        var inTPM = Samples()
        var commands = 0
        for number in 1...births {
            let birth = try await line.birth(number)
            whole.append(birth.whole / .milliseconds(1))
            inTPM.append(birth.usage.time / .milliseconds(1))
            commands = birth.usage.commands
        }
        return [
            Measurement(
                name,
                whole,
                against: inTPM,
                unit: "ms",
                aim: 1.2,
                note: "time inside the birth's \(commands) calls of ESAPI; \(births) births"
            )
        ]
    }
}

/// A factory line for software devices.
private struct Line {
    let directory: String
    let authority: LocalCA
    let station: Station
    let profile: ProvisioningProfile
    let endorsementKey: EndorsementKey
    let firmware: Firmware

    init(in directory: String, profile: String, endorsementKey: EndorsementKey) throws {
        self.directory = directory
        self.endorsementKey = endorsementKey
        authority = try LocalCA(directory: directory + "/ca")
        let files = FactoryDirectory(directory + "/line")
        station = try Station.make(in: files, name: Label(bench: "bench"), at: Self.now).station
        for file in [LocalCA.rootFile, LocalCA.intermediateFile] {
            try FileManager.default.copyItem(atPath: "\(directory)/ca/\(file)", toPath: "\(files.ekRoots)/\(file)")
        }
        let path = "Provisioning/profiles/\(profile).json"
        self.profile = try ProvisioningProfile(parsing: [UInt8](Data(contentsOf: URL(filePath: path))))
        firmware = try Firmware.named("gateway-os-2.4.0")
    }

    private static var now: Int64 { Int64(Date().timeIntervalSince1970) }

    /// Makes and boots a device and gives birth to it; only the birth is timed.
    func birth(_ number: Int) async throws -> (whole: Duration, usage: TPMConnection.Usage) {
        let order = BirthOrder(
            serial: try Label(bench: "BENCH-\(number)"),
            model: try Label(bench: "gw-100"),
            hardwareRevision: try Label(bench: "B"),
            environment: try Label(bench: "lab"),
            tier: .vtpm,
            bornWith: BornWith(
                name: try Label(bench: "gateway-os"),
                version: try Label(bench: "2.4.0"),
                securityVersion: 3
            )
        )
        let device = try await SoftwareDevice.make(
            in: DeviceDirectory("\(directory)/d\(number)"),
            ca: authority,
            endorsementKeys: [endorsementKey]
        )
        let log = try await device.boot(firmware: firmware)

        let clock = ContinuousClock()
        let start = clock.now
        let tpm = try await openTPM(tcti: device.tcti)
        let outcome = try await station.provision(order, profile: profile, on: tpm, eventLog: log, now: Self.now)
        let usage = try await tpm.perform { connection throws(TPMError) in connection.usage }
        await tpm.close()
        let whole = clock.now - start

        guard case .born = outcome else { throw WrongResult(name: "birth: \(outcome)", wrong: 1, of: 1) }
        try await device.stop(orderly: false)
        return (whole, usage)
    }
}
