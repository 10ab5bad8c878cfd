import Synchronization

/// Values worth keeping, up to a number; the one kept longest makes room.
package final class BoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Contents {
        var values: [Key: Value] = [:]
        var order: [Key] = []
        var oldest = 0
    }

    private let contents = Mutex(Contents())
    private let limit: Int

    package init(limit: Int) { self.limit = limit }

    package subscript(_ key: Key) -> Value? { contents.withLock { $0.values[key] } }

    package func keep(_ value: Value, for key: Key) {
        contents.withLock { contents in
            // A key that is there keeps its place; its value is the new one.
            guard contents.values.updateValue(value, forKey: key) == nil else { return }
            guard contents.order.count >= limit else { return contents.order.append(key) }
            contents.values[contents.order[contents.oldest]] = nil
            contents.order[contents.oldest] = key
            contents.oldest = (contents.oldest + 1) % limit
        }
    }
}
