/// The places on the status list among which those of instances are drawn.
public enum StatusPlaces {
    /// The fewest places there are: so many that nobody tells from its place when an instance of a small fleet was born, and that a
    /// list of one instance is as long as one of thirty thousand.
    public static let minimum = 1 << 16

    /// The number of places for some number of instances: a power of two, at most half of them taken, so that a draw or two finds
    /// a free one.
    public static func count(for instances: Int) -> Int {
        var places = minimum
        while places / 2 < instances { places *= 2 }
        return places
    }
}
