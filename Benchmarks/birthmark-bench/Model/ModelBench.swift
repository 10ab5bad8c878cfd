import FactoryLine
import SoftwareDevice
import TPMDevice

/// Holds the model of a line to a line: fed with what software TPMs take for each command, it must foretell the births.
enum ModelBench {
    static let suites = [Suite(name: "line-model", in: .model, minutes: 1, run: run)]

    /// What the measured time of a birth may be of the foretold one.
    ///
    /// The model knows neither switching between processes nor caches that they share.
    private static let aim = 1.25
    private static let rounds = 5
    /// Of each round: those that the model is fed with, and those of each line.
    private static let births = (alone: 6, line: 16)
    private static let workers = [1, 2, 8]

    /// A machine that others share is faster at one time than at another: each round feeds a model of its own, and holds it to
    /// the lines that follow.
    private static func run(_ name: String) async throws -> [Measurement] {
        try await withTemporaryDirectory(in: "/tmp") { directory in
            let line = try Line(in: directory, profile: "p256", endorsementKey: .p256)
            let commands = try BirthCommands.read()
            let processors = try TPMTimes.read().station.processors
            var models: [LineModel] = []
            var measured = workers.map { _ in Samples() }
            var foretold = workers.map { _ in Samples() }
            for round in 0..<rounds {
                let model = try await model(of: line, commands, processors: processors, from: round * births.alone)
                models.append(model)
                for (index, count) in workers.enumerated() {
                    let report = try await LineBench.births(count, births.line, line).report
                    guard report.isComplete else { throw WrongResult(name: name, wrong: 1, of: 1) }
                    measured[index].append(Double(report.microseconds) / 1000 / Double(report.devices.count))
                    foretold[index].append(model.perBirth(workers: count) / 1000)
                }
            }
            return workers.enumerated().map { index, count in
                Measurement(
                    "\(name)-\(count)-workers",
                    measured[index],
                    against: foretold[index],
                    unit: "ms",
                    aim: aim,
                    note: "foretold from \(median(models, \.tpm)) us of TPM, "
                        + "\(median(models, \.processor)) of processor, \(median(models, \.waiting)) of waiting"
                )
            }
        }
    }

    private static func median(_ models: [LineModel], _ part: (LineModel) -> Double) -> Int {
        var samples = Samples()
        for model in models { samples.append(part(model)) }
        return Int(samples.median)
    }

    /// What births made one after the other take.
    private struct Births {
        var spent: [String: (time: Duration, count: Int)] = [:]
        /// What passed outside the calls of ESAPI, in microseconds.
        var own = Samples()

        /// - Parameter start: the number of births that this line has had.
        init(of line: Line, from start: Int) async throws {
            for number in 1...births.alone {
                let birth = try await line.birth(start + number)
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
    private static func model(
        of line: Line,
        _ commands: BirthCommands,
        processors: Int,
        from start: Int
    ) async throws -> LineModel {
        let onDisk = try await Births(of: line, from: start)
        let inMemory = try await withTemporaryDirectory(in: "/dev/shm") { directory in
            try await Births(of: Line(in: directory, profile: "p256", endorsementKey: .p256), from: 0)
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
