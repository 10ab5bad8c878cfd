import Synchronization

/// Values worth keeping, up to a number; the one kept longest makes room.
package struct BoundedDictionary<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private var values: [Key: Value] = [:]
    private var order: [Key] = []
    private var oldest = 0
    private let limit: Int

    package init(limit: Int) { self.limit = limit }

    package subscript(_ key: Key) -> Value? { values[key] }

    package mutating func keep(_ value: Value, for key: Key) {
        // A key that is there keeps its place; its value is the new one.
        guard values.updateValue(value, forKey: key) == nil else { return }
        guard order.count >= limit else { return order.append(key) }
        values[order[oldest]] = nil
        order[oldest] = key
        oldest = (oldest + 1) % limit
    }
}

/// The same for several threads.
package final class BoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let contents: Mutex<BoundedDictionary<Key, Value>>

    package init(limit: Int) { contents = Mutex(BoundedDictionary(limit: limit)) }

    package subscript(_ key: Key) -> Value? { contents.withLock { $0[key] } }

    package func keep(_ value: Value, for key: Key) { contents.withLock { $0.keep(value, for: key) } }
}
