/** What a first experiment never touches, and why: said to people as it stands. */

const programs: readonly [pattern: RegExp, why: string][] = [
  [
    /^(?:sshd|login|su|sudo|tmux.*|screen|(?:ba|da|z|k|fi|tc|c)?sh|systemd.*|init|dbus-daemon|gpg-agent|ssh-agent)$/,
    'people work through it',
  ],
  [
    /^(?:postgres|mysqld|mariadbd|mongod|redis-server|valkey-server|memcached|etcd|cockroach|clickhouse.*|influxd|beam\.smp|nats-server|rabbitmq-server)$/,
    'it keeps data',
  ],
  [/^(?:dockerd|containerd.*|docker-proxy|rootlessport|conmon|podman|kubelet|kube-.*|k3s.*)$/, 'it runs other programs'],
  [/^(?:named|dnsmasq|unbound|cupsd|avahi-daemon|chronyd|ntpd|exim4|rpcbind|master)$/, 'it serves the whole machine'],
  [/^(?:code|code-server|cursor|idea|gopls|rust-analyzer|tsserver|jupyter-.*|chrome|chromium|firefox)$/, 'it is a tool of a person'],
]

/** Ports on which data is kept, whatever the program is called (Kafka and Elasticsearch are `java`). */
const dataPorts = new Set([2181, 2379, 3306, 4222, 5432, 5672, 6379, 9092, 9200, 9300, 11211, 27017])

/** Null when nothing speaks against it. `program` is its name without folder. */
export function whyLeftAlone(program: string, ports: readonly number[]): string | null {
  const known = programs.find(([pattern]) => pattern.test(program))
  if (known) return known[1]
  return ports.some((port) => dataPorts.has(port)) ? 'it listens where data is kept' : null
}
