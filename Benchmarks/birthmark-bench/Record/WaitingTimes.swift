/// How long requests waited in one circumstance and in another, in turn.
struct WaitingTimes {
    /// Of all rounds together, in microseconds: the subject's and the floor's.
    private var all = [Samples(), Samples()]
    /// Quantiles of each round.
    private var rounds = Self.quantiles.map { _ in [Samples(), Samples()] }

    private static let quantiles = [0.5, 0.99]
    private static let names = ["p50", "p99"]

    mutating func append(_ answer: LoadAnswer, ofFloor isFloor: Bool) {
        var round = Samples()
        for time in answer.microseconds {
            round.append(Double(time))
            all[isFloor ? 1 : 0].append(Double(time))
        }
        for (place, quantile) in Self.quantiles.enumerated() {
            rounds[place][isFloor ? 1 : 0].append(round.quantile(quantile))
        }
    }

    /// One measurement for each quantile.
    func measurements(_ name: String, note: String) -> [Measurement] {
        Self.quantiles.indices.map { place in
            Measurement(
                "\(name)-\(Self.names[place])",
                value: all[0].quantile(Self.quantiles[place]),
                floor: all[1].quantile(Self.quantiles[place]),
                unit: "us",
                aim: 1.2,
                spread: (rounds[place][0] / rounds[place][1]).spread,
                note: note
            )
        }
    }
}
