import FactoryLine
import SoftwareDevice
import TPMDevice

/// Holds the model of a line to a line: fed with what software TPMs take for each command, it must foretell the births.
enum ModelBench {
    static let suites = [Suite(name: "line-model", in: .model, minutes: 0.5, run: run)]

    /// What the measured time of a birth may be of the foretold one.
    ///
    /// The model knows neither switching between processes nor caches that they share.
    private static let aim = 1.25
    private static let births = 12
    private static let workers = [1, 2, 8]

    private static func run(_ name: String) async throws -> [Measurement] {
        try await withTemporaryDirectory(in: "/tmp") { directory in
            let line = try Line(in: directory, profile: "p256", endorsementKey: .p256)
            let commands = try BirthCommands.read()
            let times = try TPMTimes.read()
            let model = try await model(of: line, commands, processors: times.station.processors)
            var measurements: [Measurement] = []
            for count in workers {
                let report = try await LineBench.births(count, line).report
                guard report.isComplete else { throw WrongResult(name: name, wrong: 1, of: 1) }
                let measured = Double(report.microseconds) / Double(report.devices.count)
                let foretold = model.perBirth(workers: count)
                measurements.append(
                    Measurement(
                        "\(name)-\(count)-workers",
                        value: measured / 1000,
                        floor: foretold / 1000,
                        unit: "ms",
                        aim: aim,
                        spread: 0,
                        note: "foretold from \(Int(model.tpm)) us of TPM, \(Int(model.processor)) of processor, "
                            + "\(Int(model.waiting)) of waiting"
                    )
                )
            }
            return measurements
        }
    }

    /// What births made one after the other take.
    private struct Births {
        var spent: [String: (time: Duration, count: Int)] = [:]
        /// What passed outside the calls of ESAPI, in microseconds.
        var own = Samples()

        init(of line: Line) async throws {
            for number in 1...births {
                let birth = try await line.birth(number)
                own.append((birth.whole - birth.usage.time) / .microseconds(1))
                for (command, usage) in birth.usage.byCommand {
                    let (time, count) = spent[command] ?? (.zero, 0)
                    spent[command] = (time + usage.time, count + usage.commands)
                }
            }
        }

        /// The mean, in microseconds.
        func time(of command: String) -> Double {
            guard let (time, count) = spent[command], count > 0 else { return 0 }
            return time / .microseconds(1) / Double(count)
        }
    }

    /// Each command takes its mean; how many there are says the list.
    ///
    /// What the station does with its files in memory is processor, and what it takes longer with files on a disk is
    /// waiting.
    private static func model(of line: Line, _ commands: BirthCommands, processors: Int) async throws -> LineModel {
        let onDisk = try await Births(of: line)
        let inMemory = try await withTemporaryDirectory(in: "/dev/shm") { directory in
            try await Births(of: Line(in: directory, profile: "p256", endorsementKey: .p256))
        }
        return LineModel(
            tpm: commands.time { onDisk.time(of: $0.command) },
            processor: inMemory.own.median,
            waiting: max(0, onDisk.own.median - inMemory.own.median),
            processors: processors,
            tpmIsSoftware: true
        )
    }
}
