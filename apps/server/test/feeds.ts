import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** A release of everything on one day, in the forms in which gdmf and SOFA tell it. Written for tests. */
export interface FeedWorld {
  /** What iPhones are offered. */
  ios: string;
  build: string;
  macos: string;
  /** When SOFA looked, ISO 8601. */
  lastCheck: string;
}

export const PHONES = ['iPhone14,5', 'iPhone15,2'];

export function gdmfAnswer(world: FeedWorld) {
  const offer = (ProductVersion: string, Build: string, SupportedDevices: string[]) => ({
    ProductVersion,
    Build,
    PostingDate: '2020-01-01',
    ExpirationDate: '2099-01-01',
    SupportedDevices,
  });
  const iOS = [offer(world.ios, world.build, PHONES), offer('16.7.16', '20H392', ['iPhone10,3'])];
  const macOS = [offer(world.macos, '25G83', ['J314sAP'])];
  return { PublicAssetSets: { iOS, macOS }, AssetSets: { iOS, macOS } };
}

export function sofaAnswer(world: FeedWorld, platform: 'ios' | 'macos') {
  const version = platform === 'ios' ? world.ios : world.macos;
  const models = platform === 'ios' ? PHONES : ['J314sAP'];
  const latest = {
    ProductVersion: version,
    Build: platform === 'ios' ? world.build : '25G83',
    AllBuilds: [],
    ReleaseDate: '2026-08-17T00:00:00Z',
    ExpirationDate: '2099-01-01',
    SupportedDevices: models,
    ActivelyExploitedCVEs: ['CVE-2026-20700'],
    UniqueCVEsCount: 3,
  };
  return {
    LastCheck: world.lastCheck,
    OSVersions: [{ Latest: latest, SecurityReleases: [latest] }],
    Devices:
      platform === 'ios'
        ? { 'iPhone14,5': { MarketingName: 'iPhone 13' } }
        : { J314sAP: { MarketingName: 'MacBook Pro', DeviceID: 'Mac14,9' } },
  };
}

/** What is asked of the feeds' server. */
export type FeedPath = '/pmv' | '/v2/ios_data_feed.json' | '/v2/macos_data_feed.json';

/** The feeds' servers, on this computer: what they answer can be bent. */
export class FeedServer {
  readonly asked: { path: string; etag: string | undefined }[] = [];
  /** Answers in another way than asked for. */
  readonly bent = new Map<FeedPath, http.RequestListener>();

  private constructor(
    private readonly server: http.Server,
    public world: FeedWorld,
  ) {}

  static async start(world: FeedWorld): Promise<FeedServer> {
    const server = http.createServer();
    const feeds = new FeedServer(server, world);
    server.on('request', (request, response) => feeds.#answer(request, response));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return feeds;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The variables of a server that reads here. */
  get env(): Record<string, string> {
    return { LOCKSTEP_FEEDS: 'on', LOCKSTEP_FEEDS_GDMF: `${this.url}/pmv`, LOCKSTEP_FEEDS_SOFA: `${this.url}/v2/` };
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  #answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const path = request.url as FeedPath;
    const etag = request.headers['if-none-match'];
    this.asked.push({ path, etag });
    const bent = this.bent.get(path);
    if (bent) return void bent(request, response);
    const body =
      path === '/pmv'
        ? gdmfAnswer(this.world)
        : path === '/v2/ios_data_feed.json'
          ? sofaAnswer(this.world, 'ios')
          : path === '/v2/macos_data_feed.json'
            ? sofaAnswer(this.world, 'macos')
            : null;
    if (body === null) return void response.writeHead(404).end();
    const text = JSON.stringify(body);
    const mark = `"${path === '/pmv' ? `${this.world.ios} ${this.world.macos}` : this.world.lastCheck}"`;
    if (etag === mark) return void response.writeHead(304).end();
    response.writeHead(200, { etag: mark, 'content-type': 'application/json' }).end(text);
  }
}
