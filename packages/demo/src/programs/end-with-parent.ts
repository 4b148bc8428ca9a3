// Loaded before a program that must not outlive whoever started it, however that one ends: the channel closes with it.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
process.channel?.unref()
