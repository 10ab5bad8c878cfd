import Messages

/// What can leave a station: its births and restorations, and the bundles that were made of them before.
struct ExportStock {
    let births: SignedBirths
    let bundles: BundleFiles
    private let restorations: SignedRestorations
    private let directory: FactoryDirectory

    /// What an export is of.
    enum Choice {
        /// A bundle that was made before.
        case made(Int64)
        /// The next one, of these.
        case next([SignedBirths.Entry], [SignedRestorations.Entry])
    }

    init(_ station: Station) throws {
        directory = station.directory
        bundles = try BundleFiles(station)
        births = try SignedBirths(BirthFiles(station))
        restorations = try SignedRestorations(station)
    }

    /// The births and restorations that are in no bundle yet.
    var left: Set<ContentDigest> {
        Set((births.names.map(\.digest) + restorations.all.map(\.digest)).filter { !bundles.hold($0) })
    }

    func choose(_ selection: ExportSelection) throws -> Choice {
        switch selection {
        case .bundle(let number): return .made(number)
        case .new:
            let left = left
            let new = births.names.filter { left.contains($0.digest) }
            let restored = restorations.all.filter { left.contains($0.digest) }
            if new.isEmpty && restored.isEmpty {
                guard bundles.latest > 0 else { throw Station.ExportFailure.nothing }
                return .made(bundles.latest)
            }
            let wanted = try births.fitting(new, beside: restored.map(\.size).reduce(0, +))
            return .next(wanted, Array(restored.prefix(BirthBundle.maximumBirths - wanted.count)))
        case .serials(let serials):
            let missing = serials.first { serial in !births.names.contains { $0.name.serial == serial } }
            if let missing { throw Station.ExportFailure.unknown(missing) }
            let wanted = births.names.filter { serials.contains($0.name.serial) }
            let restored = restorations.all.filter { serials.contains($0.restoration.serial) }
            if let (_, latest) = bundles[bundles.latest], latest.births == wanted.map(\.digest),
                latest.restorations ?? [] == restored.map(\.digest)
            {
                return .made(bundles.latest)
            }
            let fitting = try births.fitting(wanted, beside: restored.map(\.size).reduce(0, +))
            guard fitting.count == wanted.count, wanted.count + restored.count <= BirthBundle.maximumBirths else {
                throw Station.ExportFailure.tooMany(wanted.count + restored.count)
            }
            return .next(wanted, restored)
        }
    }

    /// A bundle that was made before, byte for byte.
    func bundle(_ number: Int64) throws -> BirthBundle {
        guard let (envelope, list) = bundles[number] else {
            throw Station.ExportFailure.noBundle(number, latest: bundles.latest)
        }
        let path = directory.list(of: number)
        let (envelopes, logs) = try births.read(births.named(by: list, at: path))
        return BirthBundle(
            list: envelope,
            births: envelopes,
            logs: logs,
            restorations: try restorations.named(by: list, at: path).map(\.envelope)
        )
    }
}
